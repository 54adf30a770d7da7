import Glibc

/// Jensen–Shannon divergence of two distributions over the same parts, in bits, in 0 … 1.
func jensenShannonBits(_ p: [Double], _ q: [Double]) -> Double {
  var total = 0.0
  for (a, b) in zip(p, q) {
    let middle = (a + b) / 2
    if a > 0 { total += a * log2(a / middle) / 2 }
    if b > 0 { total += b * log2(b / middle) / 2 }
  }
  return max(total, 0)
}

/// Speed of the shares from one checkpoint to a later one, bits per doubling of the step
/// (SCIENCE.md §5.2); nil when either has no shares, other layers, or no place in log-step time.
func shareSpeed(from earlier: Observation, to later: Observation) -> Double? {
  guard let start = earlier.doublings, let stop = later.doublings, stop > start,
    !earlier.shares.isEmpty, earlier.parts == later.parts
  else { return nil }
  return jensenShannonBits(earlier.shares, later.shares) / (stop - start)
}

/// When the shares last moved: fed one checkpoint after another, it remembers the last fluid
/// transition and how long it has been quiet since.
///
/// A single checkpoint whose shares leap away and back (an instability of the optimizer) is not a
/// movement: both its transitions are quiet if the checkpoints around it are close to each other.
struct ShareFreeze: Sendable {
  /// A transition between two checkpoints, as indices into the history.
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
  /// The last checkpoint with shares.
  private var last: Int?

  init(settings: PeriodSettings) { self.settings = settings }

  /// Takes the newest checkpoint of the history into account.
  mutating func observe(_ history: [Observation]) {
    guard let newest = history.last else { return }
    let index = history.count - 1
    let given = newest.plasticity?.bitsPerDoubling
    guard !newest.shares.isEmpty || given != nil else { return }
    defer { last = index }
    guard let previous = last, history[previous].doublings != nil, newest.doublings != nil,
      let speed = (previous == index - 1 ? given : nil)
        ?? shareSpeed(from: history[previous], to: newest)
    else { return }
    spans.append(Span(from: previous, to: index, speed: speed))
    guard speed >= settings.fluidBitsPerDoubling else { return }
    if let before = spans.dropLast().last, fluid.last == spans.count - 2, before.to == previous,
      let around = shareSpeed(from: history[before.from], to: newest),
      around < settings.fluidBitsPerDoubling
    {
      fluid.removeLast()
      return
    }
    fluid.append(spans.count - 1)
  }

  /// The last fluid transition, or nil when shares were never seen to move.
  var lastFluid: Span? { fluid.last.map { spans[$0] } }

  /// The quiet transitions since.
  var quiet: ArraySlice<Span> { spans[(fluid.last.map { $0 + 1 } ?? 0)...] }

  /// Whether both of the last two transitions are faster than `threshold`, and so is the direct way.
  func movesAgain(_ history: [Observation], threshold: Double) -> Bool {
    guard spans.count >= 2 else { return false }
    let recent = spans.suffix(2)
    guard recent.allSatisfy({ $0.speed >= threshold }), let first = recent.first,
      let second = recent.last
    else { return false }
    let direct = shareSpeed(from: history[first.from], to: history[second.to])
    return (direct ?? threshold) >= threshold
  }
}
