// The probe's examples in a few parts of consecutive ones: an error by leaving out one part at a time.

/// At most sixteen parts of nearly equal size.
struct ExampleGroups: Sendable, Equatable {
  /// Examples that may be measured.
  let examples: Int
  /// How many parts they are divided into.
  var count: Int { min(16, examples) }

  /// The part of an example.
  func group(of example: Int) -> Int { example * count / max(examples, 1) }

  /// The parts that a range of examples touches.
  func groups(of range: Range<Int>) -> Range<Int> {
    range.isEmpty ? 0..<0 : group(of: range.lowerBound)..<(group(of: range.upperBound - 1) + 1)
  }

  /// Standard error of an estimate from those without one part each: the jackknife (Efron 1982).
  static func standardError(leavingOneOut estimates: [Double]) -> Double? {
    guard estimates.count > 1 else { return nil }
    let count = Double(estimates.count)
    let mean = estimates.reduce(0, +) / count
    let squares = estimates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares * (count - 1) / count).squareRoot()
  }
}
