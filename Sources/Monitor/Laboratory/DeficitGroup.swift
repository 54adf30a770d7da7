// Which runs make one sensitivity curve: the same deficit in windows of one length that start at
// different epochs, or a deficit from the start that ends at different epochs.

internal import CriticalPeriods
internal import Reports

struct DeficitGroup {
  /// What was done to the data.
  let deficit: String
  /// How strongly.
  let strength: Double?
  /// Epochs of a window; nil for removals.
  let length: Double?
  /// The runs' outcomes, at the window's start, or for removals at its end.
  let outcomes: [SensitivityCurve.Run]

  /// The groups among the runs; clean runs are in none. A window from the start counts in both kinds.
  static func all(_ runs: [SensitivityReport.Described]) -> [DeficitGroup] {
    let spoilt = runs.map(\.run).filter { $0.window != nil }
    let kinds = Dictionary(grouping: spoilt) {
      Kind(deficit: $0.deficit ?? "deficit", strength: $0.strength)
    }
    var groups: [DeficitGroup] = []
    for (kind, runs) in kinds.sorted(by: { $0.key < $1.key }) {
      let lengths = Dictionary(grouping: runs.compactMap(\.placed), by: \.length)
      for (length, placed) in lengths.sorted(by: { $0.key < $1.key })
      where Set(placed.map(\.start)).count > 1 {
        groups.append(
          DeficitGroup(
            deficit: kind.deficit, strength: kind.strength, length: length,
            outcomes: placed.map { $0.run.outcome(at: $0.start) }))
      }
      // A deficit that stays to the end is removed nowhere, but belongs to a curve of removals.
      let removals = runs.compactMap(\.placed).filter { $0.start == 0 }
      if Set(removals.filter { !$0.run.isPermanent }.map(\.length)).count > 1 {
        groups.append(
          DeficitGroup(
            deficit: kind.deficit, strength: kind.strength, length: nil,
            outcomes: removals.map { $0.run.outcome(at: $0.length) }))
      }
    }
    return groups
  }

  private struct Kind: Hashable, Comparable {
    let deficit: String
    let strength: Double?

    static func < (one: Kind, other: Kind) -> Bool {
      (one.deficit, one.strength ?? 0) < (other.deficit, other.strength ?? 0)
    }
  }
}

extension DeficitRunReport {
  /// What must agree among the runs of one experiment.
  struct Setting: Hashable {
    let experiment: String
    let epochs: Int
    let stepsPerEpoch: Int
    let batchSize: Int?
    let learningRate: Double?
    let schedule: String?
  }

  var setting: Setting {
    Setting(
      experiment: experiment, epochs: epochs, stepsPerEpoch: stepsPerEpoch, batchSize: batchSize,
      learningRate: learningRate, schedule: schedule)
  }

  /// Whether the deficit is there from the start to the end.
  var isPermanent: Bool {
    window.map { $0.startEpoch <= 0 && $0.endEpoch >= Double(epochs) } ?? false
  }

  fileprivate var placed: (run: DeficitRunReport, start: Double, length: Double)? {
    guard let window, window.endEpoch > window.startEpoch, window.startEpoch >= 0 else {
      return nil
    }
    return (self, window.startEpoch, window.endEpoch - window.startEpoch)
  }

  func outcome(at place: Double) -> SensitivityCurve.Run {
    SensitivityCurve.Run(seed: seed, place: place, accuracy: final?.testAccuracy ?? 0)
  }
}
