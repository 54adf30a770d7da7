// reports/alerts/<id>.yaml: one per change of a run's state that a person may act on. Never
// rewritten.

/// A decision, with what it rests on.
public struct AlertReport: Codable, Sendable {
  /// The same for the same decision, whenever it is made again.
  public var id: String
  /// The run's name.
  public var run: String
  /// `peaked`, `closed` or `reopened`.
  public var state: String
  /// The step at which it was first said.
  public var step: Int
  /// One sentence.
  public var summary: String
  /// What a person can do with it, each with its source.
  public var advice: [AdviceReport]?
  /// The state with its evidence.
  public var criticalPeriod: CriticalPeriodReport
  /// The trajectory it was decided on, beside the checkpoints' reports.
  public var runReport: String

  /// Creates an alert.
  public init(
    id: String, run: String, state: String, step: Int, summary: String,
    criticalPeriod: CriticalPeriodReport, runReport: String
  ) {
    self.id = id
    self.run = run
    self.state = state
    self.step = step
    self.summary = summary
    self.criticalPeriod = criticalPeriod
    self.runReport = runReport
  }
}

/// Something to do.
public struct AdviceReport: Codable, Sendable {
  /// In plain words, as strongly as the evidence allows.
  public var text: String
  /// Where it is shown.
  public var source: String

  /// Creates an advice.
  public init(text: String, source: String) {
    self.text = text
    self.source = source
  }
}
