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

  /// The runs' folders.
  let members: [String]

  /// The groups among the runs; clean runs are in none. A window from the start counts in both kinds.
  static func all(_ runs: [SensitivityReport.Described]) -> [DeficitGroup] {
    let spoilt = runs.compactMap { path, run in
      run.window.map {
        Placed(path: path, run: run, start: $0.startEpoch, length: $0.endEpoch - $0.startEpoch)
      }
    }
    let kinds = Dictionary(grouping: spoilt) {
      Kind(deficit: $0.run.deficit ?? "deficit", strength: $0.run.strength)
    }
    var groups: [DeficitGroup] = []
    for (kind, runs) in kinds.sorted(by: { $0.key < $1.key }) {
      let lengths = Dictionary(grouping: runs, by: \.length)
      for (length, placed) in lengths.sorted(by: { $0.key < $1.key })
      where Set(placed.map(\.start)).count > 1 {
        groups.append(
          DeficitGroup(
            deficit: kind.deficit, strength: kind.strength, length: length,
            outcomes: placed.map { $0.run.outcome(at: $0.start) }, members: placed.map(\.path)))
      }
      // A deficit that stays to the end is removed nowhere, but belongs to a curve of removals.
      let removals = runs.filter { $0.start == 0 }
      if Set(removals.filter { !$0.run.isPermanent }.map(\.length)).count > 1 {
        groups.append(
          DeficitGroup(
            deficit: kind.deficit, strength: kind.strength, length: nil,
            outcomes: removals.map { $0.run.outcome(at: $0.length) },
            members: removals.map(\.path)))
      }
    }
    return groups
  }

  /// A run with a window, and the window in epochs.
  private struct Placed {
    let path: String
    let run: DeficitRunReport
    let start: Double
    let length: Double
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

  /// Whether a window that opens later lasts until the run ends.
  var endsSpoilt: Bool {
    window.map { $0.startEpoch > 0 && $0.endEpoch >= Double(epochs) } ?? false
  }

  func outcome(at place: Double) -> SensitivityCurve.Run {
    SensitivityCurve.Run(seed: seed, place: place, accuracy: final?.testAccuracy ?? 0)
  }
}
