// The labels that a probe's batch means: given, or a language model's own tokens, with masks applied.

import Diagnostics
import Information
import Tensors

extension ProbeDefinition {
  /// What the network should have said, as measurements.md §1 counts it: a position that a mask leaves
  /// out has PyTorch's ignored label.
  ///
  /// - Throws: `missing-target` for a masked language model without one, whose hidden positions nothing
  ///   else tells; `bad-mask` when a mask does not fit the labels.
  func targets(for task: ProbeTask) throws(Problem) -> BatchArray? {
    var labels = targets
    if labels == nil, task == .languageModel { labels = tokens.map { .integer(unpadded($0)) } }
    if labels == nil, task == .maskedLanguageModel {
      throw Problem(
        "missing-target", at: "\(directory): batch",
        "a masked language model needs its hidden tokens as target",
        remedy: "store target with the hidden tokens, and -100 everywhere else")
    }
    guard let lossMask else { return labels }
    guard case .integer(let tensor)? = labels, tensor.values.count == lossMask.shape.count else {
      throw Problem(
        "bad-mask", at: "\(directory): batch",
        "loss_mask is \(lossMask.shape), which no integer target has",
        remedy: "store target and loss_mask of the same shape")
    }
    return .integer(tensor.ignoring { !lossMask.isSet($0) })
  }

  /// The tokens that a language model reads.
  private var tokens: IntegerTensor? {
    if case .integer(let tokens)? = inputs["input_ids"] { return tokens }
    let others = ["mask", "position", "type"]
    let candidates = inputs.filter { name, array in
      if case .real = array { return false }
      return array.shape.rank == 2 && !others.contains { name.contains($0) }
    }
    guard candidates.count == 1, case .integer(let tokens)? = candidates.first?.value else {
      return nil
    }
    return tokens
  }

  /// Tokens without those that the attention mask leaves out, and without what follows one of them:
  /// nothing is predicted from padding.
  private func unpadded(_ tokens: IntegerTensor) -> IntegerTensor {
    guard let mask = inputs["attention_mask"], mask.shape == tokens.shape,
      let length = tokens.shape.dimensions.last, length > 0
    else { return tokens }
    return tokens.ignoring { index in
      !mask.isSet(index) || (index % length > 0 && !mask.isSet(index - 1))
    }
  }
}

extension IntegerTensor {
  /// The same labels, ignored at some places.
  fileprivate func ignoring(_ isIgnored: (Int) -> Bool) -> IntegerTensor {
    IntegerTensor(
      shape: shape, values: values.indices.map { isIgnored($0) ? -100 : values[$0] })
  }
}

extension BatchArray {
  /// Whether a number of a mask is not zero.
  fileprivate func isSet(_ index: Int) -> Bool {
    switch self {
    case .real(let tensor): tensor.values[index] != 0
    case .integer(let tensor): tensor.values[index] != 0
    }
  }
}
