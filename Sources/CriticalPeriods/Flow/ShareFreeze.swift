/// When the shares last moved: fed one checkpoint after another, it remembers the last fluid
/// transition and how long it has been quiet since.
///
/// A single checkpoint whose shares leap away and back (an instability of the optimizer) is not a
/// movement: both its transitions are quiet if the checkpoints around it are close to each other.
struct ShareFreeze: Sendable {
  /// A transition between two groups of checkpoints; `from` and `to` are indices into the history
  /// of the last checkpoint of each.
  struct Span: Sendable {
    let from: Int
    let to: Int
    let speed: Double
  }

  let settings: PeriodSettings
  /// All transitions with a known speed, in order.
  private(set) var spans: [Span] = []
  /// Positions in `spans` of the fluid ones.
  private(set) var fluid: [Int] = []
  /// The groups that `spans` lie between; the last three suffice.
  private var groups: [ShareGroup] = []
  /// Checkpoints too close to the last group to be told from it yet.
  private var open: ShareGroup?

  init(settings: PeriodSettings) { self.settings = settings }

  /// Takes the newest checkpoint of the history into account.
  mutating func observe(_ history: [Observation]) {
    guard let newest = history.last else { return }
    let index = history.count - 1
    guard let single = ShareGroup(newest, at: index) else {
      observeSpeed(of: newest, at: index)
      return
    }
    guard let before = groups.last, before.parts == single.parts else {
      (groups, open) = ([single], nil)
      return
    }
    var group = open ?? single
    if open != nil { group.append(single) }
    guard let now = newest.doublings, let then = history[before.last].doublings,
      now - then >= settings.shortestSpanDoublings
    else {
      open = group
      return
    }
    open = nil
    let isPlain = group.count == 1 && before.last == index - 1
    let given = isPlain ? newest.plasticity?.bitsPerDoubling : nil
    guard let speed = given ?? before.speed(to: group) else { return }
    let isReturn = groups.dropLast().last.flatMap { $0.speed(to: group) }
      .map { $0 < settings.fluidBitsPerDoubling }
    append(Span(from: before.last, to: index, speed: speed), isReturn: isReturn ?? false)
    groups.append(group)
    if groups.count > 3 { groups.removeFirst() }
  }

  /// A point without shares whose speed the caller measured.
  private mutating func observeSpeed(of newest: Observation, at index: Int) {
    guard let given = newest.plasticity?.bitsPerDoubling, newest.doublings != nil, index > 0 else {
      return
    }
    append(Span(from: index - 1, to: index, speed: given), isReturn: false)
  }

  /// - Parameter isReturn: whether the shares are back where they were two groups ago.
  private mutating func append(_ span: Span, isReturn: Bool) {
    spans.append(span)
    guard span.speed >= settings.fluidBitsPerDoubling else { return }
    if isReturn, fluid.last == spans.count - 2 {
      fluid.removeLast()
    } else {
      fluid.append(spans.count - 1)
    }
  }

  /// The last fluid transition, or nil when shares were never seen to move.
  var lastFluid: Span? { fluid.last.map { spans[$0] } }

  /// The quiet transitions since.
  var quiet: ArraySlice<Span> { spans[(fluid.last.map { $0 + 1 } ?? 0)...] }

  /// Whether the last two transitions both went faster than `threshold`, and not back and forth.
  func movesAgain(threshold: Double) -> Bool {
    guard let last = fluid.last, last == spans.count - 1, spans.count >= 2 else { return false }
    let recent = spans.suffix(2)
    guard recent.allSatisfy({ $0.speed >= threshold }) else { return false }
    guard let first = groups.dropLast(2).last, let now = groups.last else { return true }
    return (first.speed(to: now) ?? threshold) >= threshold
  }
}
