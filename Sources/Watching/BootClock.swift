// Time that runs on through suspend and never jumps: waiting is measured on it, never on the
// wall clock, which NFS servers and administrators disagree about.

internal import Glibc

/// The time since boot (`CLOCK_BOOTTIME`).
public enum BootClock {
  /// Now, since boot.
  public static func now() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
  }
}

extension Duration {
  /// The same in seconds.
  package var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }

  /// Whole milliseconds, rounded up, as `poll` takes them; at least 0 and at most a day.
  package var inPollMilliseconds: Int32 {
    let milliseconds = (inSeconds * 1000).rounded(.up)
    return Int32(min(max(milliseconds, 0), 86_400_000))
  }
}
