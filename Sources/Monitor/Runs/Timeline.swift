import CriticalPeriods
import Information
import Reports

/// A run's series of measurements, compared with one another and judged.
///
/// A pure function of the rows: the order in which they arrived matters only where a step was
/// written twice (see `SeriesSegments`), so a restart or a shuffled arrival ends in the same state.
/// What rows were compared by (each example's part, projections of the weights) is forgotten once no row
/// can be compared with them any more: it is most of a row, and a run can have thousands.
struct Timeline {
  /// Rows with a step, in order of segment and step, with what comparing them gave.
  private(set) var entries: [TimelineEntry] = []
  /// Rows without a step, or with one of another unit, in order of arrival.
  private(set) var unplaced: [SeriesRow]
  /// By entry, the judgement of the last comparable entry up to it.
  private var judgements: [Judgement?] = []
  private var choice: EvidenceChoice
  private var unit: StepUnit
  private var judge: Judge
  private let keepsExamples: Bool
  /// What it takes in memory: checkpoints times layers, and the run itself as one more.
  private(set) var cells = 0
  /// Where the last segment starts.
  private var start = 0

  /// - Parameters:
  ///   - rows: the run's rows in order of arrival. What they are compared by may be missing from them.
  ///   - cache: comparisons already made; filled with new ones.
  ///   - keepsExamples: whether the entries' points keep each example's part.
  ///   - whole: a row with nothing missing; asked for one row at a time.
  init<Failure: Error>(
    _ rows: [SeriesRow], cache: inout ComparisonCache, keepsExamples: Bool = false,
    whole: (SeriesRow) throws(Failure) -> SeriesRow
  ) throws(Failure) {
    let segments = SeriesSegments(rows)
    let choice = EvidenceChoice(segments.placed.map(\.row))
    let judged = segments.placed.filter { choice.isComparable($0.row) }
    let resumptions = zip(judged, judged.dropFirst()).compactMap { before, after in
      before.segment == after.segment ? nil : after.step
    }
    self.choice = choice
    unit = StepUnit(rows)
    self.keepsExamples = keepsExamples
    judge = Judge(evidence: choice.evidence, resumptions: resumptions)
    unplaced = segments.unplaced
    for index in unplaced.indices { unplaced[index].forgetEvidence() }
    for placed in segments.placed {
      add(try whole(placed.row), segment: placed.segment, step: placed.step, cache: &cache)
    }
  }

  /// The timeline of rows with nothing missing.
  init(_ rows: [SeriesRow], cache: inout ComparisonCache, keepsExamples: Bool = false) {
    self.init(rows, cache: &cache, keepsExamples: keepsExamples) { $0 }
  }

  /// Adds the row that arrived last, if that leaves what is said of the others as it is; false, and nothing
  /// added, where all of it has to be made anew.
  mutating func append(_ row: SeriesRow, cache: inout ComparisonCache) -> Bool {
    var unit = unit
    unit.count(row)
    guard unit.agrees(with: self.unit) else { return false }
    guard let step = row.step, unit.includes(row) else {
      self.unit = unit
      unplaced.append(row)
      unplaced[unplaced.count - 1].forgetEvidence()
      return true
    }
    guard let last = entries.last, step > last.step, choice.append(row) else { return false }
    self.unit = unit
    add(row, segment: last.segment, step: step, cache: &cache)
    return true
  }

  private mutating func add(
    _ row: SeriesRow, segment: Int, step: Int, cache: inout ComparisonCache
  ) {
    let previous = entries.last.flatMap { $0.segment == segment ? $0 : nil }
    if previous == nil { start = entries.count }
    var entry = TimelineEntry(
      SeriesSegments.Placed(row: row, segment: segment, step: step), after: previous,
      first: previous == nil ? nil : entries[start].row, evidence: choice.evidence,
      comparable: choice.isComparable(row), cache: &cache)
    if entry.isComparable { judge.append(entry.point) }
    judgements.append(judge.verdict.final)
    if !keepsExamples { entry.point.forgetExamples() }
    entries.append(entry)
    cells += row.layers.count + 1
    if let last = entries.indices.dropLast().last {
      entries[last].row.forgetEvidence(exceptProjections: last == start)
    }
  }

  /// What the state of the run rests on.
  var evidence: EvidenceKind { (entries.isEmpty ? EvidenceChoice(unplaced) : choice).evidence }

  /// The judgement after each entry, and of each layer.
  var verdict: Verdict { judge.verdict }

  /// Remarks on the series as a whole.
  var findings: [FindingReport] { choice.findings }

  /// All rows: those with a step in its order, then those without.
  var rows: [SeriesRow] { entries.map(\.row) + unplaced }

  /// The judgement at an entry: that of the last comparable entry up to it.
  func judgement(at index: Int) -> Judgement? { judgements[index] }
}

/// Which evidence a run is judged on: a probe where there is one, else optimizer moments, else the
/// weights. A series never mixes kinds, nor probes that differ.
private struct EvidenceChoice {
  private let probe: String?
  private var rows = 0
  private var rowsOfProbe = 0
  private var rowsWithMoments = 0
  private var rowsRefused = 0

  /// - Parameter rows: in order of segment and step.
  init(_ rows: [SeriesRow]) {
    // The probe of the latest row that has one: a changed probe starts the series anew.
    probe = rows.last(where: \.isMeasured)?.probe
    for row in rows { count(row) }
  }

  /// Takes a row after all others; false, and nothing changed, where they would be judged on other evidence.
  mutating func append(_ row: SeriesRow) -> Bool {
    var next = self
    next.count(row)
    guard row.isMeasured ? row.probe == probe : next.evidence == evidence else { return false }
    self = next
    return true
  }

  private mutating func count(_ row: SeriesRow) {
    rows += 1
    if row.probe == probe { rowsOfProbe += 1 }
    if row.kept.moments != nil { rowsWithMoments += 1 }
    if row.probeProblem != nil { rowsRefused += 1 }
  }

  var evidence: EvidenceKind {
    probe != nil ? .probe : rowsWithMoments >= 2 ? .optimizer : .weights
  }

  var findings: [FindingReport] {
    guard probe != nil, rowsOfProbe < rows else { return [] }
    return [
      FindingReport(
        code: "other-evidence", where: "run",
        text: "\(rows - rowsOfProbe) of \(rows) checkpoints were not measured with the present "
          + "probe and are left out of the decision"
          + (rowsRefused < rows - rowsOfProbe
            ? "; backfill into a new report folder measures all that it fits" : "")
      )
    ]
  }

  func isComparable(_ row: SeriesRow) -> Bool {
    switch evidence {
    case .probe: row.isMeasured && row.probe == probe
    case .optimizer: row.kept.moments != nil
    case .weights: true
    }
  }
}

extension SeriesRow {
  /// Whether the trace was measured on a probe.
  fileprivate var isMeasured: Bool { probe != nil && fisherTrace?.value != nil }

  /// Forgets what other rows are compared by; moments, which are small, stay.
  mutating func forgetEvidence(exceptProjections: Bool = false) {
    kept.fisherPerExample = nil
    if !exceptProjections { kept.projections = [] }
  }
}

extension SeriesPoint {
  fileprivate mutating func forgetExamples() {
    contributions = nil
    for layer in layers.indices { layers[layer].contributions = nil }
  }
}
