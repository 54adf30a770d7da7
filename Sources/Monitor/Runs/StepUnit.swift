// What a run's numbers count. A trainer that writes bare weights under the epoch's number, beside checkpoints that
// know their step, would mix two clocks.

import Reports

/// Whether a run is told by steps or by epochs, where its checkpoints tell some of each.
struct StepUnit {
  private var steps = 0
  private var epochs = 0

  /// - Parameter rows: with a step.
  init(_ rows: [SeriesRow]) {
    for row in rows { count(row) }
  }

  mutating func count(_ row: SeriesRow) {
    guard row.step ?? 0 > 0 else { return }
    switch StepTrust(row) {
    case .inside: steps += 1
    case .epochs: epochs += 1
    case .name, .none: break
    }
  }

  /// Steps, unless hardly any checkpoint knows them.
  private var isSteps: Bool { epochs == 0 || steps > 1 && 3 * steps >= epochs }

  /// Whether a row counts what the run's others do; 0 is the same of both.
  func includes(_ row: SeriesRow) -> Bool {
    guard steps > 0, epochs > 0, row.step ?? 0 > 0 else { return true }
    switch StepTrust(row) {
    case .inside: return isSteps
    case .epochs: return !isSteps
    case .name, .none: return true
    }
  }

  /// Whether both say the same of every row that either has counted.
  func agrees(with other: StepUnit) -> Bool {
    let told = { (unit: StepUnit) in unit.steps > 0 && unit.epochs > 0 ? unit.isSteps : nil }
    return told(self) == told(other)
  }
}
