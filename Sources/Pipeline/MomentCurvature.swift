// The curvature of the loss from an optimizer's second moments, for comparing tasks without a probe
// (measurements.md §8): the running mean of squared mini-batch gradients stands for the diagonal of the
// empirical Fisher information (2507.18807).

import Checkpoints
import Diagnostics
import Glibc
import Information
import Reports
import Tensors

/// Weights and second moments of a checkpoint.
struct MomentCurvature {
  let network: CurvedNetwork
  /// Whether the training batch size is known, without which the curvature has no scale.
  let isPerExample: Bool
  let findings: [FindingReport]

  init(_ checkpoint: Checkpoint, _ stated: StatedTraining) throws(Problem) {
    guard let moments = checkpoint.moments.map(stated.completing) else {
      throw Self.problem(checkpoint, "the checkpoint holds no second moments to compare tasks by")
    }
    if let doubt = moments.doubt { throw Self.problem(checkpoint, doubt) }
    let entries = Dictionary(
      moments.entries.map { ($0.parameter, $0) },
      uniquingKeysWith: { first, _ in first })
    var layers: [String] = []
    var parameters: [CurvedNetwork.Parameter] = []
    var missing: [String] = []
    var inventory = LayerInventory(of: checkpoint)
    if !checkpoint.isModelOrderKnown {
      // An optimizer is given parameters in the model's order.
      inventory.arrange(byParameters: moments.entries.map(\.parameter), of: checkpoint)
    }
    for layer in inventory.layers {
      var found = false
      for index in layer.tensors {
        let stored = checkpoint.tensors[index]
        guard let entry = entries[stored.name], let mean = moments.meanSquare(of: entry) else {
          missing.append(stored.name)
          continue
        }
        found = true
        parameters.append(
          CurvedNetwork.Parameter(
            name: stored.name, layer: layers.count, shape: stored.shape,
            weights: try checkpoint.read(stored).values,
            curvature: try checkpoint.read(entry.secondMoment).values.map(mean),
            unitAxes: checkpoint.hasUnitsLast ? stored.unitAxes(unitsLast: true) : nil))
      }
      if found { layers.append(layer.name) }
    }
    guard !parameters.isEmpty else {
      throw Self.problem(checkpoint, "none of its second moments can be turned into a mean")
    }
    let batch = stated.batchSize ?? checkpoint.batchSize
    isPerExample = batch != nil
    network = CurvedNetwork(
      layers: layers, parameters: parameters, curvatureScale: Double(batch ?? 1),
      hasTiedHead: checkpoint.isModelOrderKnown
        && checkpoint.tensors.last { $0.type.isFloatingPoint && $0.shape.rank >= 2 }?.isTied == true
    )
    let rest =
      missing.isEmpty ? "" : "; left out, without moments: \(missing.joined(separator: ", "))"
    findings = [
      FindingReport(
        code: "curvature-from-moments", where: checkpoint.path,
        text: "squared mini-batch gradients stand for the Fisher information: the labels are the "
          + "data's, and the mean is over some \(moments.memory) steps\(rest)")
    ]
  }

  private static func problem(_ checkpoint: Checkpoint, _ what: String) -> Problem {
    Problem(
      "no-curvature", at: checkpoint.path, what,
      remedy: "give a probe with --probe (probes/make_probe.py makes one)")
  }
}

extension Moments {
  /// From an element of a parameter's second moment to the mean of its squared gradients; nil where that
  /// cannot be told.
  fileprivate func meanSquare(of entry: Entry) -> ((Float) -> Float)? {
    guard let updates = entry.updates ?? step, updates > 0 else { return nil }
    if isSum {
      guard let initialSum else { return nil }
      return { max(0, ($0 - Float(initialSum)) / Float(updates)) }
    }
    guard let beta2 = betas(of: entry).second, beta2 > 0, beta2 < 1 else { return nil }
    // Without what is left of the zeros that the mean began with.
    let correction = Float(1 / (1 - pow(beta2, Double(updates))))
    return { $0 * correction }
  }

  /// Steps that the mean is over, at most.
  fileprivate var memory: Int {
    let updates = step ?? 0
    let slowest = entries.compactMap { betas(of: $0).second }.filter { $0 > 0 && $0 < 1 }.max()
    guard !isSum, let slowest else { return updates }
    return min(Int(1 / max(1 - slowest, 1e-9)), updates)
  }
}
