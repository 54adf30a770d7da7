// What is known of one path in a watched tree.

/// What a path's content looked like from outside: any text that changes when size, times, inode
/// or members do. The ledger only compares it.
public struct Fingerprint: Sendable, Hashable {
  /// The text.
  public let text: String

  /// Wraps a text.
  public init(_ text: String) { self.text = text }
}

/// How far a checkpoint has come: seen → settled → started → done, rejected or missed.
public enum EntryState: String, Sendable, Hashable, CaseIterable {
  /// It is there; it may still be written.
  case seen
  /// It has stopped changing and waits for a worker.
  case settled
  /// A worker is at it, or was when the daemon died.
  case started
  /// It is reported.
  case done
  /// It was refused, and why stands in `code` and `reason`.
  case rejected
  /// It was gone before it was reported.
  case missed
}

/// One checkpoint's path and its state.
public struct Entry: Sendable, Hashable, Identifiable {
  /// Its number, in the order of first sight.
  public let id: Int64
  /// Where it is.
  public let path: String
  /// The run it belongs to.
  public internal(set) var run: String
  /// What it looked like when it was last observed.
  public internal(set) var fingerprint: Fingerprint
  /// How far it has come.
  public internal(set) var state: EntryState
  /// How often a worker was started on this content.
  public internal(set) var attempts: Int
  /// Why it was rejected, as a stable word.
  public internal(set) var code: String?
  /// Why it was rejected or postponed, in words.
  public internal(set) var reason: String?
  /// The content's identity once it is done.
  public internal(set) var digest: String?
}
