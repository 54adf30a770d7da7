// How labels are drawn from the network's own prediction (measurements.md §1).
public import Tensors

/// How the labels of measurements.md §1 are drawn from the network's own prediction.
public enum LabelPlan: Sendable, Hashable {
  /// Every class, weighted by its probability: no sampling noise.
  case exact
  /// `draws` scores an example, from draws that belong to the probe: every checkpoint sees the
  /// same ones (see `ProbeDraws`).
  case sampled(draws: Int, seed: UInt64)

  /// The plan of a probe that states none: exact up to 32 classes or outputs, one draw otherwise
  /// and where an example has a label for each of many positions.
  public static func standard(for task: ProbeTask, output: Shape, seed: UInt64) -> LabelPlan {
    output.count <= 32 && (output.rank == 1 || task.likelihood != .categorical)
      ? .exact : .sampled(draws: 1, seed: seed)
  }
}

/// How a sampled plan draws the score, whose squared parameter gradient has the Fisher trace as mean.
public enum ScoreSampling: String, Sendable, CaseIterable {
  /// √p∘r − p⟨√p, r⟩ with random signs r: the covariance of the score of a drawn label without its
  /// rare, large events (Hutchinson 1990 for the factor of diag(p) − ppᵀ). On a recorded
  /// convolutional network whose trace is 117 the standard deviation of one draw on 256 examples
  /// is 8 % at the last checkpoint, where that of drawn labels is 103 %: a sure network seldom
  /// draws the labels that make its trace.
  case signs
  /// e_label − p with a label drawn from the prediction by inversion, as the definition words it.
  case labels
}
