public import Diagnostics

/// A remark about a checkpoint that does not stop us from reading it.
public struct Finding: Sendable, Hashable {
  /// A stable kebab-case word, for example `bit-rot`.
  public let code: String
  /// Path, record or tensor name; may hold text from the file, unescaped.
  public let place: String
  /// What was found; may hold text from the file, unescaped.
  public let text: String

  /// Creates a finding.
  public init(_ code: String, at place: String, _ text: String) {
    self.code = code
    self.place = place
    self.text = text
  }

  /// A problem that concerns only a part which can be done without.
  public init(_ problem: Problem) {
    self.init(problem.code, at: problem.place, "\(problem.what); \(problem.remedy)")
  }
}

extension Finding: CustomStringConvertible {
  /// One line; control characters in it are escaped.
  public var description: String {
    "\(code): \(escapedForTerminal(place)): \(escapedForTerminal(text))"
  }
}
