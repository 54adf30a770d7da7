// series.json: one clean run's trajectory, exactly measured where it was trained; one row per
// checkpoint. probes/deficit/deficit.py writes it with --series.

public import Diagnostics

/// The trajectory of a run.
public struct SeriesFile: Sendable {
  /// One checkpoint.
  public struct Row: Codable, Sendable {
    /// Epochs trained.
    public var epoch: Double?
    /// Steps trained.
    public var step: Int
    /// Accuracy on data that were not trained on, 0…1.
    public var testAccuracy: Double?
    /// tr F on the probe, exact over classes.
    public var fisherTrace: Double?
    /// Its standard error over examples.
    public var standardError: Double?
    /// Mean Σ p(1−p).
    public var confidence: Double?
    /// The learning rate there.
    public var learningRate: Double?
    /// Mean loss on the training data, nats.
    public var trainLoss: Double?
    /// Accuracy on the training data, 0…1.
    public var trainAccuracy: Double?
    /// tr F of every tensor, by name.
    public var tensors: [String: Double]?
    /// The Frobenius norm of every tensor, by name.
    public var norms: [String: Double]?
  }

  /// In the order of the file.
  public let rows: [Row]

  /// Reads a trajectory.
  ///
  /// - Throws: a YAML problem, `wrong-document` naming the field, or `impossible-row`.
  public init(json bytes: [UInt8], path: String) throws(Problem) {
    rows = try DocumentDecoder().decode([Row].self, json: bytes, path: path)
    for (index, row) in rows.enumerated() {
      guard let what = row.impossibility else { continue }
      throw Problem(
        "impossible-row", at: "\(path): row \(index + 1)", what,
        remedy: "write the series again, one row for each checkpoint")
    }
  }
}

extension SeriesFile.Row {
  /// What no training can have given.
  fileprivate var impossibility: String? {
    if step < 0 { return "its step is \(step)" }
    if let fisherTrace, fisherTrace < 0 { return "its fisher_trace is \(fisherTrace)" }
    let parts = [("train_accuracy", trainAccuracy), ("test_accuracy", testAccuracy)]
    if let (name, value) = parts.first(where: { $0.1 ?? 0 < 0 || $0.1 ?? 0 > 1 }) {
      return "its \(name) is \(value ?? 0), and not between 0 and 1"
    }
    return nil
  }
}
