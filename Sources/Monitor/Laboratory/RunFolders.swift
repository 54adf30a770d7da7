// Folders that a person names for runs: a run's own, or one that holds runs' folders.

internal import Diagnostics
internal import Reports
internal import Watching

enum RunFolders {
  /// The runs among these folders, and right below those that are none themselves; each once, in order.
  ///
  /// - Parameters:
  ///   - marks: names of files; a folder with one of them is a run.
  ///   - passOver: told of each folder below those named that cannot be looked into.
  ///   - missing: what to say of a folder in which no run is.
  /// - Throws: `no-such-folder`, what `missing` says, or why a folder cannot be listed.
  static func all(
    in folders: [String], markedBy marks: [String], passOver: (Problem) -> Void,
    missing: (String) -> Problem
  ) throws(Problem) -> [String] {
    var found: [String] = []
    var seen: Set<String> = []
    for folder in folders {
      guard RealPath.isDirectory(folder) else {
        throw Problem(
          "no-such-folder", at: folder, "there is no such folder", remedy: missing(folder).remedy,
          kind: .noInput)
      }
      var closed: [Problem] = []
      let inside = try runs(in: folder, markedBy: marks) { closed.append($0) }
      closed.forEach(passOver)
      guard !inside.isEmpty else { throw closed.first ?? missing(folder) }
      for run in inside where seen.insert(RealPath.resolve(run)).inserted { found.append(run) }
    }
    return found
  }

  private static func runs(
    in folder: String, markedBy marks: [String], passOver: (Problem) -> Void
  ) throws(Problem) -> [String] {
    if try holds(folder, oneOf: marks) { return [folder] }
    let names: [String]
    do { names = try PosixFileSystem().names(in: folder) } catch { throw error.problem(at: folder) }
    var found: [String] = []
    for path in names.sorted().map({ Path.join(folder, $0) })
    where RealPath.isDirectory(path) {
      do throws(Problem) {
        if try holds(path, oneOf: marks) { found.append(path) }
      } catch {
        passOver(error)
      }
    }
    return found
  }

  /// Whether one of these files is in the folder.
  ///
  /// - Throws: why that cannot be told.
  static func holds(_ folder: String, oneOf names: [String]) throws(Problem) -> Bool {
    for name in names {
      let path = Path.join(folder, name)
      do throws(SystemCallError) {
        if try PosixFileSystem().status(path, followingLink: true) != nil { return true }
      } catch {
        throw error.problem(at: path)
      }
    }
    return false
  }
}
