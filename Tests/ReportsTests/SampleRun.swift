import Reports

/// A run of three layers whose information doubles and halves again; step n is 2^n, or n in a long run.
enum SampleRun {
  static func report(checkpoints count: Int) -> RunReport {
    let layers = ["first", "second", "third"].map {
      LayerState(name: $0, state: "acquiring", share: 0.25, peakStep: nil, endStep: nil)
    }
    let rows = (0..<count).map { index in
      var row = TrajectoryRow(
        step: count > 60 ? index : 1 << index, segment: 0,
        state: index < 2 ? "waiting" : index < 2 * count / 3 ? "acquiring" : "closed",
        report: "step-\(index).yaml", path: "/runs/\(index).pt")
      let part = Double(index) / Double(max(count - 1, 1))
      row.loss = 2 - part
      row.accuracy = part
      row.fisherTrace = .exact(100 * (1 + 2 * min(part, 1 - part)))
      row.informationBits = index % 7 == 3 ? nil : 1e5 * (1 + part)
      row.shares = [0.5 - part / 4, 0.25, 0.25 + part / 4]
      row.plasticity = index == 0 ? nil : 1e-5
      return row
    }
    var run = RunReport(
      run: "sample", evidence: "probe",
      criticalPeriod: CriticalPeriodReport(
        state: rows.last?.state ?? "waiting", peak: nil, end: nil, reason: nil,
        evidence: ["information is 0.5 of its maximum"]),
      layers: layers, trajectory: rows, rejected: [], missed: 0, findings: [])
    run.flow = RunFlow(
      plasticity: 1e-5, connectionChange: nil,
      fixed: [FixedLayer(layer: "second", step: 4, decidedAtStep: 8)], moving: ["first", "third"])
    return run
  }

  /// The run of 11 checkpoints, then resumed at each of these steps, every time for one doubling more.
  static func resumed(at steps: [Int]) -> RunReport {
    var run = report(checkpoints: 11)
    for (life, first) in steps.enumerated() {
      run.trajectory += report(checkpoints: 12 + life).trajectory.compactMap { row in
        guard let step = row.step, step >= first else { return nil }
        var row = row
        row.segment = life + 1
        return row
      }
    }
    return run
  }
}
