// How labels are drawn from the network's own prediction (SCIENCE.md §1).
public import Tensors

/// How the labels of SCIENCE.md §1 are drawn from the network's own prediction.
public enum LabelPlan: Sendable, Hashable {
  /// Every class, weighted by its probability: no sampling noise.
  case exact
  /// `draws` labels an example (or position) from draws that belong to the probe: every
  /// checkpoint sees the same ones (see `ProbeDraws`). For regression, Rademacher signs.
  case sampled(draws: Int, seed: UInt64)

  /// The plan of a probe that states none: exact up to 32 classes or outputs, one draw otherwise
  /// and for language models.
  public static func standard(for task: ProbeTask, output: Shape, seed: UInt64) -> LabelPlan {
    task != .languageModel && output.count <= 32 ? .exact : .sampled(draws: 1, seed: seed)
  }
}
