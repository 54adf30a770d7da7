import Reports

/// What a measurement costs: wall-clock time, and the process's largest resident set.
struct CostMeter {
  private let start = ContinuousClock.now

  var cost: CostReport {
    let elapsed = (ContinuousClock.now - start).components
    return CostReport(
      seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18,
      peakMemoryBytes: PeakMemory.bytes)
  }
}
