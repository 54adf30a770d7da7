import CriticalPeriods
import Information
import Reports

/// A run's series of measurements, compared with one another and judged.
///
/// A pure function of the rows: the order in which they arrived matters only where a step was
/// written twice (see `SeriesSegments`), so a restart or a shuffled arrival ends in the same state.
struct Timeline {
  /// What the state of the run rests on.
  let evidence: EvidenceKind
  /// Rows with a step, in order of segment and step, with what comparing them gave.
  let entries: [TimelineEntry]
  /// Rows without a step, in order of arrival.
  let unplaced: [SeriesRow]
  /// The judgement after each entry, and of each layer.
  let verdict: Verdict
  /// By entry, the judgement of the last comparable entry up to it.
  private let judgements: [Judgement?]
  /// Remarks on the series as a whole.
  let findings: [FindingReport]

  /// - Parameters:
  ///   - rows: the run's rows in order of arrival.
  ///   - cache: comparisons already made; filled with new ones.
  init(_ rows: [SeriesRow], cache: inout ComparisonCache) {
    let segments = SeriesSegments(rows)
    let choice = EvidenceChoice(segments.placed.map(\.row))
    var entries: [TimelineEntry] = []
    for placed in segments.placed {
      let previous = entries.last.flatMap { $0.segment == placed.segment ? $0 : nil }
      entries.append(
        TimelineEntry(
          placed, after: previous, evidence: choice.evidence,
          comparable: choice.isComparable(placed.row), cache: &cache))
    }
    self.entries = entries
    unplaced = segments.unplaced
    evidence = choice.evidence
    findings = choice.findings
    verdict = judge(
      entries.filter(\.isComparable).map(\.point), evidence: choice.evidence)
    var said = verdict.trajectory.makeIterator()
    var (next, latest) = (said.next(), Judgement?.none)
    judgements = entries.map { entry in
      while let judgement = next, (judgement.segment, judgement.step) <= (entry.segment, entry.step)
      {
        (latest, next) = (judgement, said.next())
      }
      return latest
    }
  }

  /// The judgement at an entry: that of the last comparable entry up to it.
  func judgement(at index: Int) -> Judgement? { judgements[index] }
}

/// Which evidence a run is judged on: a probe where there is one, else optimizer moments, else the
/// weights. A series never mixes kinds, nor probes that differ.
private struct EvidenceChoice {
  let evidence: EvidenceKind
  private let probe: String?
  let findings: [FindingReport]

  init(_ rows: [SeriesRow]) {
    // The probe of the latest row that has one: a changed probe starts the series anew.
    probe = rows.last { $0.probe != nil && $0.fisherTrace?.value != nil }?.probe
    if let probe {
      evidence = .probe
      let others = rows.filter { $0.probe != probe }.count
      findings =
        others == 0
        ? []
        : [
          FindingReport(
            code: "other-evidence", where: "run",
            text: "\(others) of \(rows.count) checkpoints were not measured with the present "
              + "probe and are left out of the decision; backfill into a new report folder measures all"
          )
        ]
    } else {
      evidence =
        rows.filter { $0.kept.moments != nil }.count >= 2 ? .optimizer : .weights
      findings = []
    }
  }

  func isComparable(_ row: SeriesRow) -> Bool {
    switch evidence {
    case .probe: row.probe == probe && row.fisherTrace?.value != nil
    case .optimizer: row.kept.moments != nil
    case .weights: true
    }
  }
}
