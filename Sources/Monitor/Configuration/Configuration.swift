// What the daemon was told to do: /etc/plasticityd/config.yaml, read and checked as a whole.

internal import Watching

/// The daemon's configuration; paths are absolute.
public struct Configuration: Sendable, Hashable {
  /// How changes below a root become known.
  public enum WatchMode: String, Sendable, Hashable, CaseIterable {
    /// By inotify where the file system delivers events, by polling elsewhere.
    case auto
    /// By polling.
    case polling
  }

  /// Which labels the Fisher information is taken over.
  public enum Labels: String, Sendable, Hashable, CaseIterable {
    /// As the probe says, else by the number of classes.
    case auto
    /// All of them.
    case exact
    /// Drawn ones.
    case sampled
  }

  /// A folder to watch.
  public struct Root: Sendable, Hashable {
    /// Where it is, free of symbolic links as far as it exists.
    public let path: String
    /// What its runs' names begin with.
    public let name: String?
    /// The probe of runs that name none themselves: a folder.
    public let probe: String?
    /// How changes become known.
    public let watch: WatchMode
  }

  /// How the folders are looked through.
  public struct Scan: Sendable, Hashable {
    /// Seconds between two looks through everything.
    public let intervalSeconds: Double
    /// Seconds that a checkpoint must stay unchanged; nil for 5, and 65 on network file systems,
    /// whose attributes may be a minute old.
    public let settleSeconds: Double?
    /// Seconds after which an incomplete checkpoint is named in the status.
    public let incompleteAfterSeconds: Double
    /// Folders inside folders.
    public let maxDepth: Int
    /// Directory entries in one look.
    public let maxEntries: Int
  }

  /// What one checkpoint may cost.
  public struct Worker: Sendable, Hashable {
    /// Memory of one worker, in MiB.
    public let memoryLimitMebibytes: Int
    /// Least seconds before a worker counts as hung; larger checkpoints get more.
    public let timeoutSeconds: Double
    /// Threads of one worker; nil leaves it to the worker.
    public let threads: Int?
  }

  /// The file it was read from.
  public let file: String
  /// Folder of the ledger.
  public let state: String
  /// Folder of the reports.
  public let reports: String
  /// Watched folders.
  public let roots: [Root]
  /// Probe folders by name.
  public let probes: [String: String]
  /// How the folders are looked through.
  public let scan: Scan
  /// What one checkpoint may cost.
  public let worker: Worker
  /// Which labels the Fisher information is taken over.
  public let labels: Labels
  /// Labels drawn per example; nil leaves it to the probe.
  public let draws: Int?
  /// Seed of the draws; nil leaves it to the probe.
  public let seed: UInt64?
  /// Tolerance of the information in the weights, in nats; nil leaves it to the probe.
  public let toleranceNats: Double?
  /// Relative standard error of the trace that is enough; nil leaves it to the probe.
  public let precision: Double?
  /// Seconds after which no more examples are measured; nil leaves it to the probe.
  public let probeSeconds: Double?
  /// Who is told of alerts beside the log; nil for nobody.
  public let alerts: AlertCommand?
  /// The least severe lines that are logged.
  public let logLevel: Log.Level

  /// How long a checkpoint on this file system must stay unchanged.
  func settle(on fileSystem: FileSystemKind) -> Duration {
    if let seconds = scan.settleSeconds { return .seconds(seconds) }
    return fileSystem.deliversEvents ? .seconds(5) : .seconds(65)
  }
}
