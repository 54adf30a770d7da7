// Finding the runs of a deficit experiment on disk: a run's folder holds deficit.yaml, a labelled one
// label.json; an experiment's folder holds runs' folders.

internal import Diagnostics
internal import Reports
internal import Watching

/// What one folder holds.
enum DeficitFolder {
  /// A run that has ended or goes on.
  case run(path: String, DeficitRunReport)
  /// A curve that is already a mean over runs.
  case label(path: String, LabelFile)

  /// What stands in these folders and, where a folder is itself neither, in those right below it; each
  /// once, in order.
  ///
  /// - Throws: `no-runs` naming the folder in which there is nothing, or what is wrong with a file.
  static func all(in folders: [String]) throws(Problem) -> [DeficitFolder] {
    var found: [DeficitFolder] = []
    var seen: Set<String> = []
    for folder in folders {
      let inside = try below(folder)
      guard !inside.isEmpty else {
        throw Problem(
          "no-runs", at: folder, "neither it nor a folder in it holds a deficit.yaml",
          remedy: "name the folder that probes/deficit/deficit.py wrote to with --out",
          kind: .noInput)
      }
      for one in inside where seen.insert(RealPath.resolve(one.path)).inserted { found.append(one) }
    }
    return found
  }

  /// The folder.
  var path: String {
    switch self {
    case .run(let path, _), .label(let path, _): path
    }
  }

  private static func below(_ folder: String) throws(Problem) -> [DeficitFolder] {
    if let one = try here(folder) { return [one] }
    guard RealPath.isDirectory(folder) else {
      throw Problem(
        "no-such-folder", at: folder, "there is no such folder",
        remedy: "name the folder that probes/deficit/deficit.py wrote to with --out",
        kind: .noInput)
    }
    let names: [String]
    do { names = try PosixFileSystem().names(in: folder) } catch { throw error.problem(at: folder) }
    var found: [DeficitFolder] = []
    for name in names.sorted() {
      let path = Path.join(folder, name)
      if RealPath.isDirectory(path), let one = try here(path) { found.append(one) }
    }
    return found
  }

  private static func here(_ folder: String) throws(Problem) -> DeficitFolder? {
    let disk = PosixFileSystem()
    let description = Path.join(folder, "deficit.yaml")
    if RealPath.isDirectory(folder),
      let bytes = try DurableFile.read(description, limit: 1 << 20, on: disk)
    {
      return .run(path: folder, try DeficitRunReport(yaml: bytes, path: description))
    }
    let label = Path.join(folder, "label.json")
    if RealPath.isDirectory(folder),
      let bytes = try DurableFile.read(label, limit: 1 << 20, on: disk)
    {
      return .label(path: folder, try LabelFile(json: bytes, path: label))
    }
    return nil
  }
}
