// How large a YAML text may be before it is refused unread.

/// Limits on a text that is read.
public struct Limits: Sendable, Hashable {
  /// The most bytes.
  public let bytes: Int
  /// The most nested sequences and mappings.
  public let depth: Int

  /// Sets limits.
  public init(bytes: Int, depth: Int = 32) {
    self.bytes = bytes
    self.depth = depth
  }

  /// For what people write: 256 KiB, depth 32 (reliability.md §1.12).
  public static let configuration = Limits(bytes: 256 << 10)
  /// For what a worker writes: 64 MiB, depth 32 (reliability.md §5.5).
  public static let document = Limits(bytes: 64 << 20)
}
