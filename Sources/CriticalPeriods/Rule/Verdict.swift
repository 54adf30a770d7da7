/// All that was said about a run, checkpoint after checkpoint, and about each of its layers.
public struct Verdict: Sendable, Hashable {
  /// The run's judgements, one per checkpoint in order of segment and step.
  public var trajectory: [Judgement]
  /// The same for each layer, in forward order.
  public var layers: [LayerVerdict]

  /// The last judgement, or nil when there was no checkpoint.
  public var final: Judgement? { trajectory.last }

  /// The first segment and step at which each state was said of the run.
  public var firstReached: [PeriodState: Milestone] {
    var reached: [PeriodState: Milestone] = [:]
    for judgement in trajectory where reached[judgement.state] == nil {
      reached[judgement.state] = Milestone(segment: judgement.segment, step: judgement.step)
    }
    return reached
  }

  /// Creates a verdict.
  public init(trajectory: [Judgement], layers: [LayerVerdict]) {
    self.trajectory = trajectory
    self.layers = layers
  }
}

/// The judgements on one layer.
public struct LayerVerdict: Sendable, Hashable {
  /// The module's name.
  public var name: String
  /// One judgement per checkpoint, as in `Verdict.trajectory`.
  public var trajectory: [Judgement]

  /// The last judgement, or nil when there was no checkpoint.
  public var final: Judgement? { trajectory.last }

  /// Creates a layer's verdict.
  public init(name: String, trajectory: [Judgement]) {
    self.name = name
    self.trajectory = trajectory
  }
}

/// A place in a run's history.
public struct Milestone: Sendable, Hashable {
  /// The segment.
  public var segment: Int
  /// The step.
  public var step: Int

  /// Creates a milestone.
  public init(segment: Int, step: Int) {
    self.segment = segment
    self.step = step
  }
}
