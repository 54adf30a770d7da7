// A folder that is one checkpoint, while it is judged: its names and the ends of its files.

internal import Glibc

struct WatchedFolder {
  let path: String
  let names: FolderNames
  let members: [Fingerprint.Member]

  /// The checks that every folder needs: no file ends too early. The first thing missing counts, then
  /// the last doubt.
  func checkMembers(
    patience: Completeness.Patience, where isChecked: (String) -> Bool = { _ in true }
  ) -> Completeness {
    var doubt: Completeness?
    for member in members where isChecked(member.name) {
      let file = Path.join(path, member.name)
      if member.name.hasSuffix(".json") {
        if !Self.endsAsJSON(file) {
          return .incomplete("\(member.name) does not end with a brace")
        }
        continue
      }
      switch Completeness.check(file: file, called: member.name, patience: patience) {
      case .complete: continue
      case .doubtful(let reason, let patience): doubt = .doubtful(reason, patience: patience)
      case .incomplete(let reason): return .incomplete(reason)
      }
    }
    return doubt ?? .complete
  }

  func hasMember(_ name: String) -> Bool { members.contains { $0.name == name } }

  /// The trimmed content of a small text file beside the folder, such as DeepSpeed's `latest`; nil
  /// when there is none, or nothing in it yet.
  func textBeside(_ name: String) -> String? { Self.text(of: Path.join(Path.parent(path), name)) }

  /// The trimmed content of a small text file in the folder.
  func textInside(_ name: String) -> String? { Self.text(of: Path.join(path, name)) }

  private static func text(of file: String) -> String? {
    guard case .success(let number) = Descriptor.openFile(file) else { return nil }
    let file = Descriptor(number)
    var status = stat()
    guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_size <= 65_536
    else { return nil }
    let ends = FileEnds(descriptor: file.number, bytes: Int64(status.st_size))
    let blank: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
    let text = ends.last(65_536).drop { blank.contains($0) }.reversed().drop { blank.contains($0) }
    return text.isEmpty ? nil : String(decoding: text.reversed(), as: UTF8.self)
  }

  /// Whether a file's last byte that is not blank closes an object.
  static func endsAsJSON(_ path: String) -> Bool {
    guard case .success(let number) = Descriptor.openFile(path) else { return false }
    let file = Descriptor(number)
    var status = stat()
    guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    let ends = FileEnds(descriptor: file.number, bytes: Int64(status.st_size))
    let blank: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
    return ends.last(64).last { !blank.contains($0) } == UInt8(ascii: "}")
  }
}
