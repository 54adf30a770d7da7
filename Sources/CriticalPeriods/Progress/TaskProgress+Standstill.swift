/// Where nothing is taken in any more, or something lost.
extension TaskProgress {
  /// Whether hardly anything was taken in over the last doubling of the step, and much remains.
  var standsStill: Bool { standsStill(at: places.count - 1) }

  /// Whether that was so at the last place before a checkpoint.
  func stoodStill(before index: Int) -> Bool {
    places.lastIndex { $0.index < index }.map(standsStill(at:)) ?? false
  }

  /// Whether clearly less remains than at the last place before a checkpoint.
  func hasTakenIn(since index: Int) -> Bool {
    guard let now = places.last, let then = places.last(where: { $0.index < index }) else {
      return false
    }
    return now.remaining.part < (1 - settings.standstill) * then.remaining.part
  }

  private func standsStill(at last: Int) -> Bool {
    guard places.indices.contains(last), places[last].remaining.part > settings.leastLost / 2,
      // What was known before a reopening is no measure of what was taken in since.
      let then = places[..<last].last(where: {
        $0.doublings <= places[last].doublings - 1 && $0.step >= start
      })
    else { return false }
    return places[last].remaining.part > (1 - settings.standstill) * then.remaining.part
  }

  /// Whether the last two checkpoints both know clearly less than one at which the period was closed.
  func hasLost(since closing: Int) -> Bool {
    let after = places.suffix(2)
    guard after.count == 2, after.allSatisfy({ $0.index > closing }),
      let then = places.last(where: { $0.index <= closing })?.remaining.part
    else { return false }
    let level = min(settings.paceRemaining, max(2 * then, settings.leastLost))
    return after.allSatisfy { $0.remaining.part > level }
  }
}
