// Whether the wall clock was set while the daemon runs: the times in documents from before and after do
// not follow one another then. Nothing else depends on it.

internal import Glibc
internal import Watching

struct WallClock {
  /// By how much it was ahead of the time since boot at the last look.
  private var lead: Duration?
  /// Smaller steps are how clocks are kept right.
  private static let tolerance = Duration.seconds(60)

  /// The time since 1970.
  static func now() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
  }

  /// By how much it has jumped since the last look; nil when it goes as time does.
  mutating func jump(to wall: Duration = now(), at boot: Duration = BootClock.now()) -> Duration? {
    let lead = wall - boot
    defer { self.lead = lead }
    guard let before = self.lead else { return nil }
    let jump = lead - before
    return jump > Self.tolerance || jump < .zero - Self.tolerance ? jump : nil
  }
}
