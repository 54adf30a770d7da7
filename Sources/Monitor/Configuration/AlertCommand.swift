// alerts: in config.yaml, the program that is told of every alert. The daemon runs it with its own rights, so
// it may be nothing that whoever writes checkpoints could have put there.

internal import Diagnostics
internal import Glibc
internal import Reports
internal import Watching
internal import YAML

/// Who is told of alerts.
public struct AlertCommand: Sendable, Hashable {
  /// Path of the program, absolute.
  public let executable: String
  /// Its arguments.
  public let arguments: [String]
  /// How long it may take.
  public let timeoutSeconds: Double

  static let standardTimeoutSeconds = 30.0

  /// Reads what stands under `alerts:`; the program may be given relative to the configuration's folder.
  static func read(
    _ reader: inout MappingReader, relativeTo folder: String, roots: [Configuration.Root]
  ) throws(Problem) -> AlertCommand {
    let words = try reader.required("command", as: [String].self)
    guard let program = words.first, !program.isEmpty else {
      throw reader.problem(
        "no-command", key: "command", "the list is empty",
        remedy: "give a program and its arguments: [/usr/local/bin/tell, training]")
    }
    let path = RealPath.absolute(Path.join(folder, program))
    try check(path, reader, roots)
    let timeout = try Configuration.number(&reader, "timeout_seconds", above: 0, upTo: 3_600)
    try reader.finish()
    return AlertCommand(
      executable: path, arguments: Array(words.dropFirst()),
      timeoutSeconds: timeout ?? standardTimeoutSeconds)
  }

  private static func check(
    _ path: String, _ reader: MappingReader, _ roots: [Configuration.Root]
  ) throws(Problem) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, access(path, X_OK) == 0
    else {
      throw reader.problem(
        "command-missing", key: "command", "\(path) is no program that could be started",
        remedy: "give the path of an executable file: no shell takes part, and PATH is not searched"
      )
    }
    // A link there could be led elsewhere.
    let link = Path.join(RealPath.resolve(Path.parent(path)), Path.name(path))
    let places = [RealPath.resolve(path), link]
    let root = roots.first { root in
      places.contains { Path.relative($0, to: root.path) != nil }
    }
    if let root {
      throw reader.problem(
        "command-inside-root", key: "command", "\(path) lies in the watched folder \(root.path)",
        remedy: "put it where only its owner writes: what lies there would run with our rights")
    }
    if status.st_mode & S_IWOTH != 0 {
      throw reader.problem(
        "insecure-command", key: "command", "everyone may write into \(path)",
        remedy: "chmod o-w it: it runs with our rights")
    }
  }

  /// The command that tells of an alert, which it gets on its standard input and, in short, in its environment.
  func command(telling alert: AlertReport, file: String) -> ProgramCommand {
    var environment = [
      "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
      "PLASTICITYD_ALERT": file, "PLASTICITYD_RUN": alert.run, "PLASTICITYD_STATE": alert.state,
      "PLASTICITYD_STEP": "\(alert.step)", "PLASTICITYD_SUMMARY": alert.summary,
    ]
    if let home = getenv("HOME") { environment["HOME"] = String(cString: home) }
    return ProgramCommand(
      executable: executable, arguments: arguments, environment: environment, inputFile: file)
  }
}
