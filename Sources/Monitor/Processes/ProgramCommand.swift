// What is started: a program, its arguments and the whole of its environment.

internal import Diagnostics
internal import Watching

/// A program and how it is started.
public struct ProgramCommand: Sendable, Hashable {
  /// Path of the program.
  public let executable: String
  /// Its arguments.
  public let arguments: [String]
  /// Its whole environment.
  public let environment: [String: String]
  /// The file on its standard input; nil for nothing.
  public let inputFile: String?

  /// States a command.
  public init(
    executable: String, arguments: [String], environment: [String: String],
    inputFile: String? = nil
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.inputFile = inputFile
  }

  /// Starts it, with its output and its errors on pipes.
  ///
  /// - Throws: `spawn-failed`.
  func spawn() throws(Problem) -> ChildProcess {
    try ChildProcess.spawn(
      executable, arguments, environment: environment,
      input: inputFile.map(ChildProcess.Stream.file) ?? .null, output: .pipe, error: .pipe)
  }
}
