// One line per event on standard error. To journald with sd-daemon(3)'s priority in front; anywhere else
// without. Text from files is escaped, so that one event can never become two lines.

internal import Diagnostics
internal import Glibc
internal import Synchronization
internal import Watching

/// The daemon's log.
public final class Log: Sendable {
  /// How severe a line is.
  public enum Level: String, Sendable, Hashable, CaseIterable {
    /// For whoever looks for a defect.
    case debug
    /// What happens in normal work.
    case info
    /// What a person may want to look at.
    case warning
    /// What a person must look at.
    case error

    // sd-daemon(3): SD_ERR 3, SD_WARNING 4, SD_INFO 6, SD_DEBUG 7.
    fileprivate var priority: Int {
      switch self {
      case .error: 3
      case .warning: 4
      case .info: 6
      case .debug: 7
      }
    }
  }

  private struct State {
    var level: Level
    var lastTold: [String: Duration] = [:]
  }

  private let state: Mutex<State>
  private let hasPriorities: Bool
  private let write: @Sendable (String) -> Void

  /// A log on standard error.
  public convenience init(level: Level = .info) {
    let hasPriorities = Self.isJournal(STDERR_FILENO)
    let stream = LogStream(descriptor: STDERR_FILENO, hasPriorities: hasPriorities)
    self.init(level: level, hasPriorities: hasPriorities) { stream.write($0) }
  }

  /// Whether the journal reads what is written there: JOURNAL_STREAM of systemd.exec(5) names its device and inode.
  private static func isJournal(_ descriptor: Int32) -> Bool {
    var status = stat()
    guard let named = getenv("JOURNAL_STREAM"), fstat(descriptor, &status) == 0 else {
      return false
    }
    return String(cString: named) == "\(status.st_dev):\(status.st_ino)"
  }

  /// A log that goes elsewhere, line by line.
  public init(level: Level, hasPriorities: Bool, write: @escaping @Sendable (String) -> Void) {
    state = Mutex(State(level: level))
    self.hasPriorities = hasPriorities
    self.write = write
  }

  /// Sets the least severe level that is written.
  public func setLevel(_ level: Level) { state.withLock { $0.level = level } }

  /// Writes one line; control characters in it are escaped.
  public func callAsFunction(_ level: Level, _ text: String) {
    guard level.priority <= state.withLock({ $0.level.priority }) else { return }
    let line = escapedForTerminal(text)
    write(hasPriorities ? "<\(level.priority)>\(line)" : line)
  }

  /// Writes a line unless one with the same key was written within the last hour: ten thousand bad
  /// files must not fill the journal, nor one bad file for days.
  public func hourly(_ level: Level, key: String, _ text: String) {
    let now = BootClock.now()
    let isNew = state.withLock { state in
      if let last = state.lastTold[key], now - last < .seconds(3_600) { return false }
      // Forgetting everything at once costs at most one repeated line per key.
      if state.lastTold.count >= 10_000 { state.lastTold = [:] }
      state.lastTold[key] = now
      return true
    }
    if isNew { self(level, text) }
  }
}
