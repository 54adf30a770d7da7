// What the allocator does with the arrays of a block of examples when the next block wants the same.
internal import CKernels

/// The allocator's policy for a process that measures networks.
public enum FreedMemory {
  /// Keeps freed arrays instead of giving them back to the system: the next block's arrays would be
  /// mapped and cleared page by page again (0.03 of 0.21 s of processor time on
  /// the recorded mnist1d run).
  public static func isKept() { ck_keep_freed_memory() }

  /// Has memory ready for arrays to come, for a process that has time now and none later.
  ///
  /// - Parameter bytes: at most 64 MiB.
  public static func touch(bytes: Int) { ck_touch_memory(max(0, bytes)) }
}
