// reports/status.yaml: how the daemon is, for people and for programs that watch it.

public import Confinement
internal import YAML

/// The state of the daemon at one moment.
public struct StatusSnapshot: Sendable, Hashable {
  /// How changes in a root become known at the moment.
  public enum RootState: String, Sendable, Hashable {
    /// inotify tells, and scans confirm.
    case watching
    /// Scans alone.
    case polling
    /// Something is wrong with it; scans go on.
    case degraded
    /// It is not there; it is waited for.
    case missing
    /// Questions about it do not come back, as on a dead network mount; it is waited for.
    case unresponsive

    /// Whether it needs a person.
    var isBad: Bool { self == .degraded || self == .missing || self == .unresponsive }
  }

  /// One watched folder.
  public struct Root: Sendable, Hashable {
    /// Where it is.
    public var path: String
    /// How it is watched.
    public var state: RootState
    /// Why it is degraded, missing or unresponsive.
    public var reason: String?
    /// Its file system, as the kernel names it.
    public var fileSystem: String
    /// Checkpoints seen at the last whole scan.
    public var checkpoints: Int?
    /// How long the last whole scan took.
    public var scanSeconds: Double?
  }

  /// A checkpoint or run that is waited for, and why.
  public struct Waiting: Sendable, Hashable {
    /// The path, or the run's name.
    public var name: String
    /// What is missing or wrong.
    public var reason: String
  }

  /// What has been counted since the ledger began, and since the start.
  public struct Counters: Sendable, Hashable {
    /// Reports written since the start.
    public var reported = 0
    /// Checkpoints refused since the start.
    public var rejected = 0
    /// Checkpoints gone before they were read, since the ledger began.
    public var missed = 0
    /// Workers started again since the start.
    public var retried = 0
    /// Workers that were killed or crashed since the start.
    public var workersLost = 0
  }

  /// `running` or `stopping`.
  public var state = "running"
  /// The program's version.
  public var version: String
  /// The configuration's file.
  public var configuration: String
  /// Why the last reload was refused.
  public var configurationProblem: String?
  /// What workers take from themselves here before they read a checkpoint.
  public var sandbox = Confinement()
  /// The watched folders.
  public var roots: [Root] = []
  /// Checkpoints that settle or are to be tried again.
  public var settling = 0
  /// Checkpoints that wait for a worker.
  public var queued = 0
  /// The checkpoint that a worker is at.
  public var working: String?
  /// Checkpoints that have been incomplete for long; at most 100 are named.
  public var incomplete: [Waiting] = []
  /// Runs that are held back until their settings are right.
  public var held: [Waiting] = []
  /// Alerts that whoever is to be told of them has not been told of yet.
  public var untoldAlerts = 0
  /// Why not.
  public var alertProblem: String?
  /// How often the wall clock was set since the start, and by how many seconds the last time: times
  /// from before and after do not follow one another.
  public var clockJumps = 0
  /// Positive when it was set forward.
  public var lastClockJumpSeconds: Double?
  /// What has been counted.
  public var counters = Counters()
  /// What is wrong as a whole: the disk, the ledger.
  public var problems: [String] = []

  /// The one line that `systemctl status` shows.
  public var line: String {
    var parts = ["\(counters.reported) reported", "\(queued + settling) waiting"]
    if working != nil { parts.append("1 at work") }
    if counters.rejected > 0 { parts.append("\(counters.rejected) rejected") }
    if counters.missed > 0 { parts.append("\(counters.missed) missed") }
    if !incomplete.isEmpty { parts.append("\(incomplete.count) incomplete") }
    if !held.isEmpty { parts.append("\(held.count) runs held back") }
    for root in roots where root.state.isBad {
      parts.append("\(root.path) \(root.state.rawValue)")
    }
    if let alertProblem { parts.append("\(untoldAlerts) alerts untold: \(alertProblem)") }
    if let configurationProblem {
      parts.append("old configuration stays: \(configurationProblem)")
    }
    return (problems + [parts.joined(separator: ", ")]).joined(separator: "; ")
  }

  /// Whether anything needs a person.
  public var isDegraded: Bool {
    !problems.isEmpty || configurationProblem != nil || alertProblem != nil || !held.isEmpty
      || roots.contains { $0.state.isBad }
  }

  /// The document, as of a moment.
  func document(updated: String, started: String, process: Int32) -> Node {
    .mapping([
      ("schema", .string("plasticityd/status/v1")),
      ("state", .string(state == "running" && isDegraded ? "degraded" : state)),
      ("summary", .string(line)),
      ("version", .string(version)),
      ("process", .integer(Int(process))),
      ("started", .timestamp(started)),
      ("updated", .timestamp(updated)),
      (
        "configuration",
        .mapping([("file", .string(configuration)), ("problem", .string(configurationProblem))])
      ),
      (
        "sandbox",
        .mapping([
          ("landlock_version", .integer(sandbox.landlockVersion)),
          ("system_call_filter", .bool(sandbox.filtersCalls)),
          ("no_new_privileges", .bool(sandbox.refusesNewPrivileges)),
        ])
      ),
      (
        "clock",
        .mapping([
          ("jumps", .integer(clockJumps)), ("last_jump_seconds", .double(lastClockJumpSeconds)),
        ])
      ),
      ("roots", .sequence(roots.map(Self.node))),
      (
        "queue",
        .mapping([
          ("settling", .integer(settling)), ("queued", .integer(queued)),
          ("working", .string(working)),
        ])
      ),
      ("incomplete", .sequence(incomplete.map { Self.node($0, "path") })),
      ("held", .sequence(held.map { Self.node($0, "run") })),
      (
        "alerts",
        .mapping([("untold", .integer(untoldAlerts)), ("problem", .string(alertProblem))])
      ),
      (
        "counters",
        .mapping([
          ("reported", .integer(counters.reported)), ("rejected", .integer(counters.rejected)),
          ("missed", .integer(counters.missed)), ("retried", .integer(counters.retried)),
          ("workers_lost", .integer(counters.workersLost)),
        ])
      ),
      ("problems", .strings(problems)),
    ])
  }

  private static func node(_ root: Root) -> Node {
    .mapping([
      ("path", .string(root.path)), ("state", .string(root.state.rawValue)),
      ("reason", .string(root.reason)), ("file_system", .string(root.fileSystem)),
      ("checkpoints", .integer(root.checkpoints)), ("scan_seconds", .double(root.scanSeconds)),
    ])
  }

  private static func node(_ waiting: Waiting, _ key: String) -> Node {
    .mapping([(key, .string(waiting.name)), ("reason", .string(waiting.reason))])
  }
}
