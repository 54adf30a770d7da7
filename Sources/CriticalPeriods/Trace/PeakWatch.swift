import Glibc

/// Watches for a fall of the information from its running maximum that is not noise.
struct PeakWatch: Sendable {
  let settings: PeriodSettings
  /// The checkpoint with the largest information so far.
  private(set) var maximum: Int?
  /// The newest information over the maximum.
  private(set) var ratio: InformationRatio?
  /// How many of the last checkpoints, one after another, show a certain fall.
  private(set) var fallen = 0
  /// How many of the last checkpoints, one after another, lie below the deep-fall level.
  private(set) var deep = 0
  /// The first checkpoint of those that show the fall.
  private(set) var firstFallen: Int?
  /// The peak, once enough checkpoints in a row show the fall; withdrawn at a new maximum.
  private(set) var peak: Peak?
  /// The checkpoints whose examples are kept, so that others can be compared with them.
  private var remembered: [Int] = []
  /// Those that might be the maximum but lie so close to others that they are compared no more.
  private var crowded: Set<Int> = []

  /// How many checkpoints keep their examples: memory must not grow with the run.
  static let mostRemembered = 32

  init(settings: PeriodSettings) { self.settings = settings }

  /// Takes the newest checkpoint of the history into account, and forgets examples that are needed no more.
  ///
  /// - Parameter resamples: the draws of the paired bootstrap, where they are kept.
  mutating func observe(_ history: inout [Observation], resamples: PairedResamples?) {
    compare(history, resamples)
    forget(&history)
  }

  private mutating func compare(_ history: [Observation], _ resamples: PairedResamples?) {
    guard let newest = history.last, let information = newest.information else { return }
    let index = history.count - 1
    guard let top = maximum, let largest = history[top].information, information <= largest else {
      maximum = index
      (ratio, fallen, deep, firstFallen, peak) = (nil, 0, 0, nil, nil)
      return
    }
    let noise = seriesLogNoise(history)
    guard
      let now = InformationRatio(
        newest, over: history[top], logNoise: noise, settings: settings,
        resamples: resamples)
    else { return }
    ratio = now
    guard isFall(now, noise) else {
      if peak == nil { (fallen, firstFallen) = (0, nil) }
      deep = 0
      return
    }
    fallen += 1
    deep = now.value < settings.deepFall ? deep + 1 : 0
    if firstFallen == nil { firstFallen = index }
    if peak == nil, fallen >= settings.fallCheckpoints, levelFell(history, noise) {
      settle(history, noise, resamples)
    }
  }

  /// Forgets the examples of a checkpoint too many: one far below the maximum, or else one that lies close
  /// to its neighbours in log-step time.
  private mutating func forget(_ history: inout [Observation]) {
    let newest = history.count - 1
    guard newest >= 0, history[newest].contributions != nil else { return }
    remembered.append(newest)
    guard remembered.count > Self.mostRemembered else { return }
    let information = remembered.map { history[$0].information ?? 0 }
    let doublings = remembered.map { history[$0].doublings ?? 0 }
    var forgotten = information.indices.min { information[$0] < information[$1] } ?? 0
    if information[forgotten] >= settings.deepFall * (information.max() ?? 0) {
      let between = remembered.indices.dropFirst().dropLast().filter { remembered[$0] != maximum }
      let gaps = between.map { (place: $0, width: doublings[$0 + 1] - doublings[$0 - 1]) }
      forgotten = gaps.min { $0.width < $1.width }?.place ?? 0
      crowded.insert(remembered[forgotten])
    }
    history[remembered.remove(at: forgotten)].contributions = nil
  }

  private func isFall(_ ratio: InformationRatio, _ noise: Double) -> Bool {
    ratio.interval.upperBound < 1 - settings.minimumFall
      && -log(ratio.value) > settings.noiseDeviations * noise
  }

  /// Whether the last checkpoints lie below those around the maximum by more than the noise between
  /// checkpoints. The maximum is the largest of many noisy values, so that almost any value is well
  /// below it: its neighbours are averaged with it, and so are the last ones.
  private func levelFell(_ history: [Observation], _ noise: Double) -> Bool {
    guard let top = maximum else { return false }
    let measured = history.indices.filter { history[$0].information != nil }
    let recent = measured.suffix(settings.fallCheckpoints)
    guard let place = measured.firstIndex(of: top) else { return false }
    let around = measured[max(place - 1, 0)...min(place + 1, measured.count - 1)]
      .filter { !recent.contains($0) }
    guard !around.isEmpty, !recent.isEmpty else { return false }
    func level(_ indices: some Sequence<Int>, count: Int) -> Double {
      indices.reduce(0) { $0 + log(history[$1].information ?? 1) } / Double(count)
    }
    let drop = level(around, count: around.count) - level(recent, count: recent.count)
    let deviation = noise * sqrt(1 / Double(around.count) + 1 / Double(recent.count))
    return drop > settings.levelDeviations * deviation
  }

  /// Places the peak: between the neighbours of all checkpoints that might be the maximum.
  private mutating func settle(
    _ history: [Observation], _ noise: Double, _ resamples: PairedResamples?
  ) {
    guard let top = maximum else { return }
    let compared = history.indices.filter { !crowded.contains($0) }
    let contenders = compared.indices.filter { place in
      guard compared[place] != top else { return true }
      guard
        let ratio = InformationRatio(
          history[compared[place]], over: history[top], logNoise: noise, settings: settings,
          resamples: resamples)
      else { return false }
      return !isFall(ratio, noise)
    }
    guard let first = contenders.first, let last = contenders.last else { return }
    let before = history[compared[max(first - 1, 0)]]
    let after = history[compared[min(last + 1, compared.count - 1)]]
    peak = Peak(
      step: history[top].step, interval: before.step...after.step,
      decidedAtStep: history[history.count - 1].step)
  }
}
