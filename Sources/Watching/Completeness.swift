// Whether a checkpoint is whole as far as a few bytes at its ends can tell (reliability.md §2.4).
// It parses no content: the worker is the judge, and says "not yet" by exit code 75.

internal import Glibc

/// How whole a checkpoint looks.
public enum Completeness: Sendable, Hashable {
  /// Nothing speaks against it.
  case complete
  /// Something is not as usual: it is taken when it has stayed as it is for `patience`.
  case doubtful(String, patience: Duration)
  /// Something is missing.
  case incomplete(String)

  /// How long unusual checkpoints are waited for.
  public struct Patience: Sendable, Hashable {
    /// A Hugging Face folder without `trainer_state.json`, which its trainer writes last.
    public let trainerState: Duration
    /// A file with a hole, as a preallocated one has: copied files may hold true holes.
    public let hole: Duration
    /// A folder in which what is written last is older than what it speaks for.
    public let order: Duration

    /// Sets the times; without a value a hole is waited for 10 minutes, and a wrong order as long as
    /// `trainer_state.json`.
    public init(trainerState: Duration, hole: Duration = .seconds(600), order: Duration? = nil) {
      self.trainerState = trainerState
      self.hole = hole
      self.order = order ?? trainerState
    }

    /// Ten times the settling time, and at least 2 s, for `trainer_state.json`; a wrong order is
    /// waited for as a hole where something was there before, which may be being written over.
    public init(settle: Duration, isOverwritten: Bool = false) {
      self.init(
        trainerState: max(settle * 10, .seconds(2)), order: isOverwritten ? .seconds(600) : nil)
    }
  }

  /// Looks at the ends of every file of the checkpoint.
  public static func check(_ candidate: Candidate, patience: Patience) -> Completeness {
    switch candidate.kind {
    case .file where candidate.fingerprint.members.count > 1:
      IndexedFiles.check(candidate, patience: patience)
    case .file: check(file: candidate.path, called: candidate.name, patience: patience)
    case .folder: check(folder: candidate, patience: patience)
    }
  }

  /// Whether a file of it may not be read by this user.
  public static func isClosed(_ candidate: Candidate) -> Bool {
    candidate.fingerprint.members.contains { member in
      let path =
        Path.join(
          candidate.kind == .file ? Path.parent(candidate.path) : candidate.path, member.name)
      switch Descriptor.openFile(path) {
      case .success(let number):
        close(number)
        return false
      case .failure(let failure): return [EACCES, EPERM].contains(failure.number)
      }
    }
  }

  static func check(file path: String, called name: String, patience: Patience) -> Completeness {
    let file: Descriptor
    switch Descriptor.openFile(path) {
    case .success(let number): file = Descriptor(number)
    case .failure(let failure): return .incomplete("\(name) cannot be opened (\(failure))")
    }
    var status = stat()
    guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return .incomplete("\(name) is no regular file")
    }
    let ends = FileEnds(descriptor: file.number, bytes: Int64(status.st_size))
    if let missing = FileRules.missing(ends, name: name) {
      return .incomplete("\(name): \(missing)")
    }
    // SEEK_HOLE of lseek(2), which the C library's module does not name.
    let hole = lseek(file.number, 0, 4)
    if hole >= 0, hole < status.st_size {
      return .doubtful("\(name) has a hole at byte \(hole)", patience: patience.hole)
    }
    if let index = KerasSplitRule.index(of: name) {
      return .doubtful(
        "it may be a part of weights whose \(index) is not there yet",
        patience: patience.trainerState)
    }
    return .complete
  }

  private static func check(folder candidate: Candidate, patience: Patience) -> Completeness {
    guard case .success(let number) = Descriptor.openDirectory(candidate.path) else {
      return .incomplete("the folder cannot be opened")
    }
    let folder = Descriptor(number)
    guard case .success(let listing) = DirectoryListing.read(folder.number, limit: 200_000) else {
      return .incomplete("the folder cannot be listed")
    }
    let names = FolderNames(name: candidate.name, files: listing.files, folders: listing.folders)
    guard let rule = FolderRules.rule(for: names) else {
      return .incomplete("it is no checkpoint any more")
    }
    return rule.check(
      WatchedFolder(path: candidate.path, names: names, members: candidate.fingerprint.members),
      patience: patience)
  }
}
