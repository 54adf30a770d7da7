// Something in a watched folder that looks like a checkpoint by its name.

/// A file or folder that is taken for a checkpoint; nothing of its content has been read.
public struct Candidate: Sendable, Hashable {
  /// What it is made of.
  public enum Kind: String, Sendable, Hashable {
    /// One file.
    case file
    /// A folder of files that are one checkpoint (Hugging Face Trainer).
    case folder
  }

  /// Absolute path.
  public let path: String
  /// The folder that holds the run's checkpoints, absolute.
  public let runDirectory: String
  /// File or folder.
  public let kind: Kind
  /// Its files as they stood when it was looked at.
  public let fingerprint: Fingerprint
  /// Place in the queue: lower steps first, as the name tells them.
  public let stepInName: UInt64?

  /// States a candidate.
  public init(path: String, runDirectory: String, kind: Kind, fingerprint: Fingerprint) {
    self.path = path
    self.runDirectory = runDirectory
    self.kind = kind
    self.fingerprint = fingerprint
    stepInName = CheckpointNames.step(inName: Path.name(path))
  }

  /// Its last path component.
  public var name: String { Path.name(path) }
}
