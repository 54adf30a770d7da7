// The truth about a watched folder: what checkpoints are there now. Everything else (inotify,
// memory, the ledger) only decides when to look. Symbolic links are never followed, and no file
// is opened here.

public import Diagnostics
internal import Glibc

/// Looks for checkpoints in one root.
public struct Scanner: Sendable {
  /// The root, absolute and free of symbolic links.
  public let root: String
  /// How far and how much it looks.
  public let limits: ScanLimits

  /// Prepares to look into a root.
  public init(root: String, limits: ScanLimits = ScanLimits()) {
    self.root = root
    self.limits = limits
  }

  /// Looks through the whole root.
  ///
  /// - Parameter progress: told of every step.
  /// - Throws: `root-missing` or `root-unreadable` when the root itself cannot be listed.
  package func scan(telling progress: ScanProgress? = nil) throws(Problem) -> ScanResult {
    var walk = Walk(root: root, limits: limits, recursive: true, progress: progress)
    let descriptor = Descriptor(try openRoot())
    walk.visit(descriptor.number, path: root, depth: 0, isRoot: true)
    return walk.result
  }

  /// Looks into one folder of the root without going deeper; a folder that is gone, hidden,
  /// temporary or too deep has nothing in it. Inside a checkpoint's folder, that checkpoint is seen.
  ///
  /// - Throws: as `scan()`.
  public func scan(only directory: String) throws(Problem) -> ScanResult {
    var walk = Walk(root: root, limits: limits, recursive: false)
    guard let relative = Path.relative(directory, to: root) else { return walk.result }
    let components = relative.split(separator: "/").map(String.init)
    var descriptor = Descriptor(try openRoot())
    var path = root
    if components.count > limits.depth { return walk.result }
    for component in components {
      // The same way down as a whole scan takes, so both see the same things.
      if path != root, walk.isCheckpoint(descriptor.number, path: path) { break }
      if !Walk.mayEnter(component) { return walk.result }
      if walk.isConfusable(component, in: descriptor.number) { return walk.result }
      guard case .success(let next) = Descriptor.openDirectory(component, in: descriptor.number)
      else { return walk.result }
      descriptor = Descriptor(next)
      path = Path.join(path, component)
    }
    walk.visit(descriptor.number, path: path, depth: components.count, isRoot: path == root)
    return walk.result
  }

  /// Looks at one checkpoint again: nil when it is gone or no checkpoint any more.
  public func look(at candidate: Candidate) -> Candidate? {
    switch candidate.kind {
    case .file:
      guard let status = FileStatus.read(candidate.path), status.isRegular else { return nil }
      guard candidate.fingerprint.members.count > 1 else {
        return Candidate(
          path: candidate.path, runDirectory: candidate.runDirectory, kind: .file,
          fingerprint: Fingerprint([Fingerprint.Member(name: candidate.name, status.raw)]))
      }
      guard case .success(let number) = Descriptor.openDirectory(Path.parent(candidate.path))
      else { return nil }
      let folder = Descriptor(number)
      guard
        case .success(let listing) = DirectoryListing.read(folder.number, limit: limits.entries)
      else { return nil }
      return Candidate(
        path: candidate.path, runDirectory: candidate.runDirectory, kind: .file,
        fingerprint: Walk.fingerprint(
          of: candidate.name, status, in: folder.number, among: listing.files))
    case .folder:
      guard case .success(let number) = Descriptor.openDirectory(candidate.path) else { return nil }
      let descriptor = Descriptor(number)
      var walk = Walk(root: root, limits: limits, recursive: false)
      walk.visit(descriptor.number, path: candidate.path, depth: 0, isRoot: false)
      return walk.result.candidates.first { $0.path == candidate.path }
    }
  }

  /// Whether the root can be listed now; what is missing is not deleted, it is waited for.
  public func checkRoot() throws(Problem) { _ = Descriptor(try openRoot()) }

  private func openRoot() throws(Problem) -> Int32 {
    switch Descriptor.openDirectory(root) {
    case .success(let number): return number
    case .failure(let failure) where [ENOENT, ENOTDIR, ELOOP].contains(failure.number):
      throw Problem(
        "root-missing", at: root, "the watched folder is not there (\(failure))",
        remedy: "create or mount it; it is looked for at every scan", kind: .noInput)
    case .failure(let failure):
      throw Problem(
        "root-unreadable", at: root, "the watched folder cannot be listed (\(failure))",
        remedy: failure.remedyOfListing, kind: .permission)
    }
  }
}
