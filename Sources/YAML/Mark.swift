// Where something stands in a YAML text, and whose text it is.

public import Diagnostics

/// A place in a text: line and column, both counted from 1, in characters.
public struct Mark: Sendable, Hashable {
  /// Line, from 1.
  public let line: Int
  /// Column, from 1.
  public let column: Int

  /// Creates a mark from counts that begin at 1.
  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// What a node that was built, not read, carries.
  public static let none = Mark(line: 0, column: 0)
}

/// The text that nodes were read from, for messages: its name, and what a mistake in it means.
public struct Source: Sendable, Hashable {
  /// The name as a person knows it, for example `/etc/plasticityd/config.yaml`.
  public let file: String
  /// What kind of problem a mistake in this text is: `.configuration` or `.data`.
  public let kind: Problem.Kind

  /// Names a text.
  public init(file: String, kind: Problem.Kind) {
    self.file = file
    self.kind = kind
  }

  /// `file:line:column`, or the file alone when the place is not known.
  public func place(_ mark: Mark) -> String {
    mark.line > 0 ? "\(file):\(mark.line):\(mark.column)" : file
  }

  /// A problem at a place in this text, of this text's kind.
  public func problem(_ code: String, at mark: Mark, _ what: String, remedy: String) -> Problem {
    Problem(code, at: place(mark), what, remedy: remedy, kind: kind)
  }
}
