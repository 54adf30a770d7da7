/// What went wrong, told to the person who must act: one line, `code: where: what; what to do`.
///
/// It is the typed error of every module (`throws(Problem)`) and, as a finding, the remark that a
/// report carries. The `code` is a stable kebab-case word that tests, alerts and scripts rely on.
public struct Problem: Error, Sendable, Hashable {
  /// What the process exits with when this problem ends it (sysexits.h).
  public enum Kind: Int32, Sendable {
    /// Command line used wrongly.
    case usage = 64
    /// The input is wrong and will stay so.
    case data = 65
    /// The input does not exist.
    case noInput = 66
    /// A service that is needed is missing.
    case unavailable = 69
    /// Our own defect.
    case software = 70
    /// Reading or writing failed.
    case io = 74
    /// Not now: the input is still being written, or somebody else is at it.
    case tryAgain = 75
    /// Permission denied.
    case permission = 77
    /// The configuration is wrong.
    case configuration = 78
  }

  /// A stable kebab-case word, for example `bad-offsets`.
  public let code: String
  /// Path, tensor name, byte offset or `file:line:column`, as precise as is known.
  public let place: String
  /// What was found, and what was expected.
  public let what: String
  /// What the reader can do about it.
  public let remedy: String
  /// What kind of failure this is, for exit codes and retries.
  public let kind: Kind

  /// Creates a problem; `place`, `what` and `remedy` may hold text from files, unescaped.
  public init(_ code: String, at place: String, _ what: String, remedy: String, kind: Kind = .data)
  {
    self.code = code
    self.place = place
    self.what = what
    self.remedy = remedy
    self.kind = kind
  }
}

extension Problem: CustomStringConvertible {
  /// Longer parts lose their middle: names in files can have any length.
  private static let longest = 8_192

  /// The one line a person reads; control characters in it are escaped.
  public var description: String {
    "\(code): \(Self.shown(place)): \(Self.shown(what)); \(Self.shown(remedy))"
  }

  private static func shown(_ text: String) -> String {
    let shown = escapedForTerminal(text)
    guard shown.utf8.count > longest else { return shown }
    let ends = [shown.unicodeScalars.prefix(longest / 8), shown.unicodeScalars.suffix(longest / 8)]
    return ends.map(String.init).joined(separator: " … ")
  }
}
