// label.json: a sensitivity curve as means, with the end that was read off it. Plain JSON, which is
// YAML; etc/evaluation holds such files, and etc/evaluate reads them.

public import Diagnostics

/// A labelled run's label.
public struct LabelFile: Codable, Sendable {
  /// One place on the curve.
  public struct Point: Codable, Sendable {
    /// The first epoch of the window.
    public var start: Double
    /// Mean loss of final accuracy against the clean run.
    public var accuracyLoss: Double
    /// How many runs it is the mean of.
    public var runs: Int?
  }

  /// What the definition demands where there is no curve.
  public struct Expected: Codable, Sendable {
    /// `never-closes`, or another answer in words.
    public var answer: String
    /// The step of a known change, after which the period is open again.
    public var changeStep: Int?
  }

  /// The network, in words.
  public var network: String?
  /// The data, in words.
  public var data: String?
  /// The learning rate, in words.
  public var learningRate: String?
  /// Epochs of the training.
  public var epochs: Int?
  /// The deficit, in words.
  public var deficit: String?
  /// Seeds.
  public var seeds: [Int]?
  /// Mean final accuracy of the clean runs.
  public var controlAccuracy: Double?
  /// Its standard deviation over seeds.
  public var controlSeedDeviation: Double?
  /// The curve; nil where the answer follows from the definition alone.
  public var sensitivity: [Point]?
  /// What the definition demands, where that is known without a curve.
  public var expected: Expected?
  /// Where it last falls below a quarter of its maximum, in epochs.
  public var endEpoch: Double?
  /// Its 5–95 % interval over seeds.
  public var endEpochInterval: [Double]?
  /// The same in steps.
  public var endStep: Double?
  /// The same in steps.
  public var endStepInterval: [Double]?
  /// The part of the resamples without an end.
  public var undeterminedFraction: Double?

  /// Reads a label.
  ///
  /// - Throws: a YAML problem, or `wrong-document` naming the field.
  public init(json bytes: [UInt8], path: String) throws(Problem) {
    self = try DocumentDecoder().decode(Self.self, json: bytes, path: path)
  }
}
