// What the network's outputs mean, which fixes the likelihood whose Fisher information is taken.
public import Diagnostics
public import Tensors

/// The likelihood that a network's output parametrises.
public enum ProbeTask: String, Sendable, CaseIterable {
  /// Output `[classes]`: logits of a categorical distribution.
  case classification
  /// Output `[positions, classes]`: at each position the logits of the next token.
  case languageModel = "language-model"
  /// Any output: means of a Gaussian with unit variance.
  case regression

  /// Tells the task from a network's output and the probe's target, as measurements.md §1 needs it.
  ///
  /// A real target means regression; a sequence output with integer targets, or with none, is a
  /// language model; one row of outputs otherwise is a classification.
  ///
  /// - Throws: `unknown-task` when the two contradict each other.
  public static func told(byOutput output: Shape, targets: BatchArray?) throws(Problem) -> ProbeTask
  {
    switch targets {
    case .real: return .regression
    case .integer, nil:
      switch output.rank {
      case 1: return .classification
      case 2: return .languageModel
      default:
        throw Problem(
          "unknown-task", at: "probe",
          "one example's output is \(output) and the target is not real",
          remedy: "state `task:` in probe.yaml")
      }
    }
  }
}
