/// How fast information rises with the step: the exponent a of I ∝ step^a over the last doubling.
struct InformationGrowth: Sendable {
  let exponent: Double
  let standardError: Double
  let checkpoints: Int

  /// What a line of log2 I over log2 of the step says; nil with fewer than three points.
  init?(_ line: RecentLine) {
    guard let slope = line.slope, let error = line.slopeError else { return nil }
    exponent = slope
    standardError = error
    checkpoints = line.count
  }
}
