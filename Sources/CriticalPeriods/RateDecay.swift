import Glibc

/// How far the learning rate has come down from its highest, by smooth decay only: an abrupt change
/// (a step of the schedule, a cool-down, a restart) takes the highest with it.
struct RateDecay: Sendable {
  /// The most that counts, in doublings.
  let most: Double
  private var highest: Double?
  /// log2 of the highest rate over the present one, in 0 … `most`.
  private(set) var doublings = 0.0

  init(most: Double) { self.most = most }

  /// Takes the rate of the newest checkpoint into account.
  ///
  /// - Parameter change: the abrupt change that led there, if it was one.
  mutating func observe(_ rate: Double?, change: ScheduleWatch.Change?) {
    guard let rate else { return }
    var level = highest ?? rate
    if let change, change.before > 0 { level *= change.after / change.before }
    level = max(level, rate)
    highest = level
    guard level > 0 else { return }
    doublings = rate > 0 ? min(log2(level / rate), most) : most
  }
}
