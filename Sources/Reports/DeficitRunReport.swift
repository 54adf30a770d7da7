// <run>/deficit.yaml: what was done to one run of a deficit experiment, and how it ended. Written by
// probes/deficit/deficit.py, or by hand for runs made another way.

/// One run of a deficit experiment.
public struct DeficitRunReport: Document {
  /// `plasticityd/deficit/v1`.
  public static var schema: String { "plasticityd/deficit/v1" }
  /// Such files are written where a run is trained, and by hand.
  public static var remedy: String {
    "correct it, or leave the run out; etc/doc/deficit.md describes the file"
  }

  /// Which experiment the run belongs to; runs of one differ in seed and window only.
  public var experiment: String
  /// The network, in words.
  public var network: String?
  /// The data, in words.
  public var data: String?
  /// The seed of weights and order.
  public var seed: Int
  /// Epochs of the whole training.
  public var epochs: Int
  /// Optimizer steps of one epoch.
  public var stepsPerEpoch: Int
  /// Examples of one step.
  public var batchSize: Int?
  /// The base learning rate.
  public var learningRate: Double?
  /// What becomes of it, in words.
  public var schedule: String?
  /// What is done to the data inside the window: `blur`, `flip`, `labels`, `shuffle`, `noise` or
  /// another word.
  public var deficit: String?
  /// How strongly; what it means depends on the deficit.
  public var strength: Double?
  /// When; nil for the clean run.
  public var window: DeficitWindow?
  /// How the training ended, on clean data; nil while it goes on.
  public var final: FinalScores?
}

/// The epochs [start, end) in which the data were spoilt.
public struct DeficitWindow: Codable, Sendable, Hashable, FlowStyled {
  /// The first spoilt epoch, counted from 0.
  public var startEpoch: Double
  /// The first clean one after it.
  public var endEpoch: Double
}

/// The end of a training.
public struct FinalScores: Codable, Sendable, FlowStyled {
  /// On data that were not trained on, 0…1.
  public var testAccuracy: Double
}
