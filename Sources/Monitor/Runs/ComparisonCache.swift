import Information
import Pipeline
import Reports

/// Plasticities already computed, by the two contents compared: a bootstrap is not repeated when
/// another checkpoint of the run arrives.
struct ComparisonCache {
  private struct Pair: Hashable {
    let from: String
    let to: String
    let steps: [Int]
    let bootstrap: Bool
  }
  private var known: [Pair: PlasticityReport] = [:]
  private static let limit = 20_000

  /// How the shares moved between two rows; with its interval when both kept every example's part.
  mutating func plasticity(
    from earlier: SeriesRow, to later: SeriesRow, steps: (Int, Int), shares: ([Double], [Double]),
    bootstrap: Bool
  ) -> PlasticityReport {
    let pair = Pair(
      from: earlier.digest, to: later.digest, steps: [steps.0, steps.1], bootstrap: bootstrap)
    if let report = known[pair] { return report }
    let report = Self.compare(earlier, later, steps: steps, shares: shares, bootstrap: bootstrap)
    if known.count >= Self.limit { known.removeAll() }
    known[pair] = report
    return report
  }

  private static func compare(
    _ earlier: SeriesRow, _ later: SeriesRow, steps: (Int, Int), shares: ([Double], [Double]),
    bootstrap: Bool
  ) -> PlasticityReport {
    let measured: Measured<Plasticity>
    // Of examples that a budget left out at one of the two, neither is compared.
    let common = min(earlier.kept.examples ?? 0, later.kept.examples ?? 0)
    if bootstrap, let before = contributions(earlier, common),
      let after = contributions(later, common)
    {
      measured = Plasticity.between(before, step: steps.0, after, step: steps.1)
    } else if let before = Shares.of(shares.0).value, let after = Shares.of(shares.1).value {
      measured = Plasticity.between(before, step: steps.0, after, step: steps.1)
    } else {
      measured = .absent("no layer holds information")
    }
    return PlasticityReport(measured, sinceStep: steps.0)
  }

  /// Of the first `common` examples.
  private static func contributions(_ row: SeriesRow, _ common: Int) -> LayerContributions? {
    guard let examples = PerExample(row) else { return nil }
    return LayerContributions(
      layers: row.layers.map(\.name), examples: common,
      values: row.layers.indices.flatMap { examples.ofLayer($0).prefix(common) })
  }
}
