// The timelines of the runs that are followed: those used last stay in memory, within bounds; any other is
// made anew from the ledger.

import Diagnostics
import Ledger
import Reports

struct RunTimelines {
  private let ledger: Ledger
  private var known: [String: Timeline] = [:]
  private var recentlyUsed: [String] = []
  private var cache = ComparisonCache()

  private let mostCells: Int
  private let mostBytes: Int

  /// - Parameters:
  ///   - ledger: what the runs are known from.
  ///   - mostCells: layers times checkpoints that stay in memory over all runs, about 2 KiB each; those of the
  ///     run used last do anyway.
  ///   - mostBytes: how much of the ledger's rows of one run is read at once; those beyond are read
  ///     once more, each when its turn comes.
  init(_ ledger: Ledger, mostCells: Int = 50_000, mostBytes: Int = 32 << 20) {
    self.ledger = ledger
    self.mostCells = mostCells
    self.mostBytes = mostBytes
  }

  /// The timeline of a run as the ledger has it.
  mutating func timeline(of run: String) throws(Problem) -> Timeline {
    let timeline = try take(run)
    keep(timeline, of: run)
    return timeline
  }

  /// The same for one who will change it, and gives it back with `keep` once the ledger says the same.
  mutating func take(_ run: String) throws(Problem) -> Timeline {
    if let timeline = known.removeValue(forKey: run) { return timeline }
    return try made(of: run)
  }

  /// Makes a run's timeline anew the next time, from what the ledger says then.
  mutating func forget(_ run: String) { known[run] = nil }

  /// Adds a row that the ledger does not have yet.
  mutating func append(_ row: SeriesRow, to timeline: inout Timeline, of run: String)
    throws(Problem)
  {
    if !timeline.append(row, cache: &cache) { timeline = try made(of: run, and: row) }
  }

  /// Keeps a timeline in memory that says what the ledger does.
  mutating func keep(_ timeline: Timeline, of run: String) {
    known[run] = timeline
    recentlyUsed.removeAll { $0 == run }
    recentlyUsed.append(run)
    var cells = known.values.reduce(0) { $0 + $1.cells }
    while recentlyUsed.count > 1, cells > mostCells {
      cells -= known.removeValue(forKey: recentlyUsed.removeFirst())?.cells ?? 0
    }
  }

  /// What a row that the ledger does not have yet is compared with: a timeline without the series that run beside
  /// its own.
  ///
  /// - Parameter timeline: the run's, with that row.
  mutating func timeline(
    for row: SeriesRow, in timeline: Timeline, of run: String
  ) throws(Problem) -> Timeline {
    let rows = timeline.rows
    let own = rows.ofSeries(row.path)
    if own.count == rows.count { return timeline }
    return try made(of: run, and: row, among: Set(own.map(\.digest)))
  }

  /// - Parameter digests: which of the run's contents count; all, if nil.
  private mutating func made(
    of run: String, and newest: SeriesRow? = nil, among digests: Set<String>? = nil
  ) throws(Problem) -> Timeline {
    func row(_ digest: String) throws(Problem) -> (SeriesRow, bytes: Int)? {
      guard let known = try ledger.measurement(run: run, digest: digest) else { return nil }
      return (
        try SeriesRow(yaml: known.document, path: known.reportPath), known.document.count
      )
    }
    var rows: [SeriesRow] = []
    var bytes = 0
    var partial: Set<String> = []
    for digest in try ledger.digests(run: run) where digests?.contains(digest) ?? true {
      guard let (whole, size) = try row(digest) else { continue }
      rows.append(whole)
      bytes += size
      if bytes > mostBytes {
        rows[rows.count - 1].forgetEvidence()
        partial.insert(digest)
      }
    }
    if let newest { rows.append(newest) }
    return try Timeline(rows, cache: &cache) { (known) throws(Problem) in
      partial.contains(known.digest) ? try row(known.digest)?.0 ?? known : known
    }
  }
}
