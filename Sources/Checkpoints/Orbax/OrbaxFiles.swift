// The files that values lie in. A checkpoint may have thousands, one a chunk: beyond the first of them
// none is held open, and each is opened again for a read, if it is still the same.
internal import Diagnostics

struct OrbaxFiles: Sendable {
  private(set) var files: [Checkpoint.OpenFile] = []
  private var byPath: [String: InputFile] = [:]
  /// Folders known to be no links.
  private var folders: Set<String> = []
  private static let mostOpen = 100
  private static let mostFiles = 4_000_000

  /// The file at a path. Errors: those of `InputFile.open`.
  mutating func open(_ path: String) throws(Problem) -> InputFile {
    if let known = byPath[path] { return known }
    guard files.count < Self.mostFiles else {
      throw Problem(
        "too-many-files", at: path, "a checkpoint of more than \(Self.mostFiles) files",
        remedy: "save it with OCDBT")
    }
    let file = try InputFile.open(path, staysOpen: files.count < Self.mostOpen)
    byPath[path] = file
    files.append(Checkpoint.OpenFile(file: file))
    return file
  }

  /// A span of a file that the checkpoint names: a path without tricks, below the folder, through no
  /// link. Errors: `incomplete-orbax` (try again) when file or span is not there.
  mutating func span(
    _ name: String, beneath folder: String, offset: Int, count: Int, _ complaint: Complaint
  ) throws(Problem) -> StoredValue {
    let path = "\(folder)/\(name)"
    if byPath[path] == nil { try check(name, beneath: folder, complaint) }
    let file: InputFile
    do throws(Problem) { file = try open(path) } catch {
      throw error.code == "not-found" ? complaint.incomplete("\(name) is missing") : error
    }
    guard offset >= 0, count >= 0, offset <= file.size, count <= file.size - offset else {
      throw complaint.incomplete("\(count) bytes at \(offset) lie beyond the end of \(name)")
    }
    return .span(file, offset: offset, count: count)
  }

  private mutating func check(
    _ name: String, beneath folder: String, _ complaint: Complaint
  ) throws(Problem) {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 64,
      parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && !$0.contains("\0") })
    else { throw complaint.bad("it names \"\(name)\", which is no file of it") }
    var above = folder
    for part in parts.dropLast() {
      above += "/\(part)"
      guard !folders.contains(above) else { continue }
      let isFolder: Bool
      do throws(Problem) { isFolder = try InputFile.isFolder(above) } catch {
        throw error.code == "not-found" ? complaint.incomplete("\(part) is missing") : error
      }
      guard isFolder else { throw complaint.bad("\(above) is no folder") }
      folders.insert(above)
    }
  }
}
