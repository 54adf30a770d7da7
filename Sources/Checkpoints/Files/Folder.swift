// The names in a folder.
package import Diagnostics
internal import Glibc

package enum Folder {
  private static let mostNames = 100_000

  /// Every name but `.` and `..` that begins so; names that are not UTF-8 are left out, since no
  /// format has them.
  package static func names(
    in path: String, beginning start: String = ""
  ) throws(Problem) -> Set<String> {
    guard let stream = opendir(path) else { throw Problem.system(errno, opening: path) }
    defer { closedir(stream) }
    var names: Set<String> = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw Problem.system(errno, opening: path) }
        return names
      }
      guard names.count < mostNames else {
        throw Problem(
          "too-many-files", at: path, "more than \(mostNames) names",
          remedy: "name the checkpoint's own folder")
      }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
      }
      if let name, name != ".", name != "..", name.utf8.starts(with: start.utf8) {
        names.insert(name)
      }
    }
  }

  /// As `names`, in order; none when the folder cannot be listed, which whoever opens it will say.
  package static func visibleNames(in path: String, beginning start: String = "") -> [String] {
    do throws(Problem) { return try names(in: path, beginning: start).sorted() } catch { return [] }
  }
}
