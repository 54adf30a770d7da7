// What the network's outputs mean, which fixes the likelihood whose Fisher information is taken.
public import Diagnostics
public import Tensors

/// The likelihood that a network's output parametrises.
public enum ProbeTask: String, Sendable, CaseIterable {
  /// Output `[classes]`: logits of a categorical distribution.
  case classification
  /// Output `[positions, classes]`: at each position the logits of the next token.
  case languageModel = "language-model"
  /// Output `[positions, classes]`: logits of the token that was hidden at the position.
  case maskedLanguageModel = "masked-language-model"
  /// Output `[positions, classes]`: logits of a label for each position.
  case tokenClassification = "token-classification"
  /// Output `[classes, …]`: logits of a label for each pixel.
  case segmentation
  /// Any output: each number is the logit of a label of its own, independent of the others.
  case multiLabel = "multi-label"
  /// Any output: means of a Gaussian with unit variance.
  case regression

  /// C of an output, or the number of outputs that are independent.
  public func classes(of output: Shape) -> Int {
    switch self {
    case .segmentation: output.dimensions.first ?? 1
    case .multiLabel, .regression: output.count
    default: output.dimensions.last ?? 1
    }
  }

  /// What is independent of what in the output.
  var likelihood: Likelihood {
    switch self {
    case .classification, .languageModel, .maskedLanguageModel, .tokenClassification,
      .segmentation:
      .categorical
    case .multiLabel: .independent(.bernoulli)
    case .regression: .independent(.gaussian)
    }
  }

  /// Tells the task from a network's output and the probe's target, as measurements.md §1 needs it.
  ///
  /// - Parameters:
  ///   - output: the shape of one example's output.
  ///   - targets: with the examples on their first axis.
  ///   - inputs: what the network is given; a target that repeats one is a language model's.
  /// - Throws: `unknown-task` when the shapes contradict each other or allow more than one task.
  public static func told(
    byOutput output: Shape, targets: BatchArray?, inputs: [String: BatchArray] = [:]
  ) throws(Problem) -> ProbeTask {
    let given = targets.map { Array($0.shape.dimensions.dropFirst()) } ?? []
    let isBinary = targets?.isBinary ?? false
    switch (targets, output.rank) {
    case (nil, 1): return .classification
    case (nil, 2): return .languageModel
    // Zeros and ones are labels at least as often as real numbers.
    case (.real, _) where isBinary && given.reduce(1, *) == output.count:
      throw unknown(output, targets, [.multiLabel, .regression])
    case (.real, _): return .regression
    case (.integer, _) where given == output.dimensions && (isBinary || output.count == 1):
      return .multiLabel
    case (.integer, 1) where given.reduce(1, *) == 1: return .classification
    case (.integer(let target), 2) where given == [output.dimensions[0]]:
      if inputs.values.contains(where: { target.isRepeated(by: $0) }) { return .languageModel }
      throw unknown(
        output, targets, [.languageModel, .maskedLanguageModel, .tokenClassification])
    case (.integer, 2...) where given == Array(output.dimensions.dropFirst()):
      return .segmentation
    default: throw unknown(output, targets, [])
    }
  }

  private static func unknown(
    _ output: Shape, _ targets: BatchArray?, _ candidates: [ProbeTask]
  ) -> Problem {
    let target = targets.map { array in
      switch array {
      case .real(let tensor): "real target of shape \(tensor.shape)"
      case .integer(let tensor): "integer target of shape \(tensor.shape)"
      }
    }
    let fits =
      candidates.isEmpty ? "no task" : candidates.map(\.rawValue).joined(separator: " or ")
    return Problem(
      "unknown-task", at: "probe",
      "one example's output is \(output), with \(target ?? "no target"): \(fits)",
      remedy: "state `task:` in probe.yaml")
  }
}

extension BatchArray {
  /// Whether every number is 0 or 1.
  fileprivate var isBinary: Bool {
    switch self {
    case .real(let tensor): tensor.values.allSatisfy { $0 == 0 || $0 == 1 }
    case .integer(let tensor): tensor.values.allSatisfy { $0 == 0 || $0 == 1 }
    }
  }
}

extension IntegerTensor {
  /// Whether an input holds the same tokens wherever there is a label.
  fileprivate func isRepeated(by input: BatchArray) -> Bool {
    guard case .integer(let tokens) = input, tokens.shape == shape else { return false }
    return zip(values, tokens.values).allSatisfy { $0 < 0 || $0 == $1 }
  }
}
