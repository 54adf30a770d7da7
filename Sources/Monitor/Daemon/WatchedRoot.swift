// One root as the daemon sees it: when it is to be looked through, and how it is doing.

internal import Diagnostics
internal import Watching

struct WatchedRoot {
  let settings: Configuration.Root
  let scanner: Scanner
  let settle: Duration
  let fileSystem: FileSystemKind
  /// Whether inotify could tell what happens in it.
  let wantsHints: Bool
  /// Whether the helper tells at the moment.
  var isHinted = false
  var isMissing: Bool { missing != nil }
  /// Why it cannot be looked through, if it cannot.
  var missing: Problem?
  /// Every question about its files but the scan, which has a thread of its own.
  let calls: BoundedCalls
  static let unresponsiveCode = "root-unresponsive"
  /// Whether something was mounted here when it was last looked through.
  var isMountPoint = false
  /// Whether what was under way before the start has been looked for.
  var isForgottenChecked = false
  /// Why hints are wanted and do not come.
  var trouble: String?
  /// Why part of it is not seen.
  var gaps: String?
  var nextScan: Duration = .zero
  /// The scan under way.
  var progress: ScanProgress?
  var isScanning: Bool { progress != nil }
  var scanAgain = false
  var checkpoints: Int?
  var scanSeconds: Double?

  init(_ settings: Configuration.Root, _ configuration: Configuration, _ calls: BoundedCalls) {
    self.settings = settings
    self.calls = calls
    scanner = Scanner(
      root: settings.path,
      limits: ScanLimits(
        depth: configuration.scan.maxDepth, entries: configuration.scan.maxEntries))
    fileSystem = FileSystemKind.of(settings.path)
    settle = configuration.settle(on: fileSystem)
    wantsHints = settings.watch == .auto && fileSystem.deliversEvents
  }

  /// Where nobody hints, looking is all there is, so it is done more often.
  func interval(_ configuration: Configuration) -> Duration {
    let interval = Duration.seconds(configuration.scan.intervalSeconds)
    return isHinted ? interval : min(interval, .seconds(15))
  }

  /// When the scan under way counts as held by a dead mount.
  func stuck(patience: Duration) -> Duration? { progress.map { $0.moved + patience } }

  /// The name of the run whose checkpoints lie in a folder of this root.
  func runName(_ directory: String) -> String {
    let relative = Path.relative(directory, to: settings.path) ?? Path.name(directory)
    let parts = [settings.name ?? "", relative].filter { !$0.isEmpty }
    return parts.isEmpty ? Path.name(settings.path) : parts.joined(separator: "/")
  }

  var status: StatusSnapshot.Root {
    let state: StatusSnapshot.RootState
    if let missing {
      state = missing.code == Self.unresponsiveCode ? .unresponsive : .missing
    } else if trouble != nil || gaps != nil {
      state = .degraded
    } else {
      state = isHinted ? .watching : .polling
    }
    return StatusSnapshot.Root(
      path: settings.path, state: state,
      reason: missing?.what ?? trouble ?? gaps, fileSystem: fileSystem.name,
      checkpoints: checkpoints, scanSeconds: scanSeconds)
  }
}
