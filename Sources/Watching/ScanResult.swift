// What a look at a folder has found.

public import Diagnostics

/// How far and how much a scan looks.
public struct ScanLimits: Sendable, Hashable {
  /// Folders inside folders, below the root.
  public let depth: Int
  /// Directory entries in one scan.
  public let entries: Int

  /// Sets the limits; the defaults are 8 levels and 200 000 entries.
  public init(depth: Int = 8, entries: Int = 200_000) {
    self.depth = depth
    self.entries = entries
  }
}

/// Something that has a checkpoint's name and is none, or a folder that cannot be looked into.
public struct Oddity: Sendable, Hashable {
  /// Absolute path.
  public let path: String
  /// The folder it stands in, absolute.
  public let runDirectory: String
  /// What is wrong with it: `not-regular`, `unreadable`, `name-not-utf8`, `names-confusable`,
  /// `too-deep`, `too-many-entries`.
  public let problem: Problem

  /// States an oddity.
  public init(path: String, runDirectory: String, problem: Problem) {
    self.path = path
    self.runDirectory = runDirectory
    self.problem = problem
  }
}

/// A link that leads to a checkpoint in the same root: another name of it.
public struct CheckpointLink: Sendable, Hashable {
  /// Absolute path of the link.
  public let path: String
  /// Absolute path of what it leads to, free of links.
  public let target: String
}

/// What one scan has found.
public struct ScanResult: Sendable {
  /// What looks like a checkpoint, by path.
  public internal(set) var candidates: [Candidate] = []
  /// Links to checkpoints, by path.
  public internal(set) var links: [CheckpointLink] = []
  /// What was passed over, and why.
  public internal(set) var oddities: [Oddity] = []
  /// How many folders were listed.
  public internal(set) var directories = 0
  /// How many directory entries were seen.
  public internal(set) var entries = 0
  /// Whether everything within the limits was seen.
  public internal(set) var isWhole = true

  init() {}
}
