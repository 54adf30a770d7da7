// Orbax's `<step>/`: made under a temporary name and renamed, or, where folders cannot be renamed at
// once, committed by `commit_success.txt` (orbax/checkpoint/_src/path/atomicity.py).

enum OrbaxRule: FolderRule {
  private static let metadata = "_CHECKPOINT_METADATA"
  private static let commit = "commit_success.txt"

  static func recognises(_ folder: FolderNames) -> Bool {
    folder.hasFile(metadata) || folder.hasFile("manifest.ocdbt") || folder.hasFile("_METADATA")
      || folder.folders.contains(where: isDatabase)
  }

  /// The database of one process, which is merged into that of the item.
  private static func isDatabase(_ name: String) -> Bool { name.hasPrefix("ocdbt.process_") }

  /// The files that commit and describe, and a database's data files; a folder per array may hold
  /// thousands, and is there as soon as its name is.
  static func isMember(_ name: String) -> Bool {
    let parts = name.split(separator: "/")
    guard let leaf = parts.last else { return false }
    return [metadata, commit, "manifest.ocdbt", "_METADATA"].contains(String(leaf))
      || parts.dropLast().last == "d"
  }

  static func isPart(_ folder: String) -> Bool {
    // An item, its `d`, a process's database, its `d`.
    folder.split(separator: "/").count <= 3 && !folder.contains(".zarray")
  }

  static func check(_ folder: WatchedFolder, patience: Completeness.Patience) -> Completeness {
    let names = folder.members.map(\.name)
    for member in names where member.hasSuffix("_METADATA") {
      if !WatchedFolder.endsAsJSON(Path.join(folder.path, member)) {
        return .incomplete("\(member) does not end with a brace")
      }
    }
    let items = Set(
      names.compactMap { name -> String? in
        let parts = name.split(separator: "/").map(String.init)
        guard let place = parts.firstIndex(where: isDatabase) else { return nil }
        return parts[..<place].joined(separator: "/")
      })
    for item in items.sorted() {
      let manifest = item.isEmpty ? "manifest.ocdbt" : "\(item)/manifest.ocdbt"
      if !names.contains(manifest) {
        return .incomplete("\(manifest) is not there yet, which is written last")
      }
    }
    guard names.contains(where: { $0.hasSuffix("manifest.ocdbt") || $0.hasSuffix("_METADATA") })
    else { return .incomplete("no item of it is there yet") }
    let files = folder.checkMembers(patience: patience) { $0.hasSuffix("manifest.ocdbt") }
    guard case .complete = files else { return files }
    if names.contains(commit) || isCommitted(folder) { return .complete }
    return .doubtful(
      "neither \(commit) nor its metadata says that it is committed",
      patience: patience.trainerState)
  }

  /// Whether the metadata has the time of the commit.
  private static func isCommitted(_ folder: WatchedFolder) -> Bool {
    let key = "\"commit_timestamp_nsecs\":"
    guard let text = folder.textInside(metadata) else { return false }
    let bytes = Array(text.utf8)
    let mark = Array(key.utf8)
    guard bytes.count > mark.count else { return false }
    for start in 0..<(bytes.count - mark.count) where bytes[start...].starts(with: mark) {
      let value = bytes[(start + mark.count)...].first { $0 != 0x20 }
      return value.map { $0 >= 0x31 && $0 <= 0x39 } ?? false
    }
    return false
  }
}

/// The manifest of a database of TensorStore's: it says its own length.
enum OCDBTRule: FileRule {
  private static let mark: [UInt8] = [0x0C, 0xDB, 0x3A, 0x2A]

  static func claims(_ file: FileEnds, name: String) -> Bool { name.hasSuffix("manifest.ocdbt") }

  static func missing(_ file: FileEnds) -> String? {
    let head = file.read(at: 0, count: 12)
    guard head.count == 12, head.starts(with: mark) else { return "its mark is not there yet" }
    let length = FileEnds.littleEndian(head[4..<12])
    return length == UInt64(file.bytes)
      ? nil : "it says that it has \(length) bytes, and has \(file.bytes)"
  }
}
