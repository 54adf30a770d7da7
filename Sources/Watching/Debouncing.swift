// Many hints about one folder, one look: 2 ms after the last hint, at most 250 ms after the
// first. Pure.

/// Folders that were hinted at and not looked into yet.
public struct Debouncing: Sendable {
  private struct Hint: Sendable {
    let first: Duration
    var last: Duration
  }

  private let quiet: Duration
  private let patience: Duration
  private var hints: [String: Hint] = [:]

  /// Sets how long a folder must be quiet, and how long it is waited for at most.
  public init(quiet: Duration = .milliseconds(2), patience: Duration = .milliseconds(250)) {
    self.quiet = quiet
    self.patience = patience
  }

  /// Takes note of a hint.
  public mutating func hint(_ directory: String, at now: Duration) {
    if hints[directory] == nil {
      hints[directory] = Hint(first: now, last: now)
    } else {
      hints[directory]?.last = now
    }
  }

  /// How many folders wait to be looked into.
  public var count: Int { hints.count }

  /// When the next folder is due.
  public var nextDue: Duration? { hints.values.map(due).min() }

  /// Removes and returns the folders that are due, by name.
  public mutating func takeDue(at now: Duration) -> [String] {
    let ready = hints.filter { due($0.value) <= now }.keys.sorted()
    for directory in ready { hints[directory] = nil }
    return ready
  }

  private func due(_ hint: Hint) -> Duration { min(hint.last + quiet, hint.first + patience) }
}
