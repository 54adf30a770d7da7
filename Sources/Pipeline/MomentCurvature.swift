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

  init(_ checkpoint: Checkpoint, batchSize: Int?) throws(Problem) {
    guard let moments = checkpoint.moments, let beta2 = moments.beta2, let updates = moments.step,
      updates > 0, (0.0..<1).contains(beta2)
    else {
      throw Problem(
        "no-curvature", at: checkpoint.path,
        "the checkpoint holds no running second moments to compare tasks by",
        remedy: "give a probe with --probe (probes/make_probe.py makes one)")
    }
    let entries = Dictionary(
      moments.entries.map { ($0.parameter, $0.secondMoment) },
      uniquingKeysWith: { first, _ in first })
    var layers: [String] = []
    var parameters: [CurvedNetwork.Parameter] = []
    var missing: [String] = []
    let counts = Dictionary(
      moments.entries.compactMap { entry in
        entry.updates.flatMap { $0 > 0 ? (entry.parameter, $0) : nil }
      }, uniquingKeysWith: { first, _ in first })
    var inventory = LayerInventory(of: checkpoint)
    if !checkpoint.isModelOrderKnown {
      // An optimizer is given parameters in the model's order.
      inventory.arrange(byParameters: moments.entries.map(\.parameter), of: checkpoint)
    }
    for layer in inventory.layers {
      var found = false
      for index in layer.tensors {
        let stored = checkpoint.tensors[index]
        guard let moment = entries[stored.name] else {
          missing.append(stored.name)
          continue
        }
        found = true
        // Without what is left of the zeros that the mean began with.
        let correction = Float(1 / (1 - pow(beta2, Double(counts[stored.name] ?? updates))))
        parameters.append(
          CurvedNetwork.Parameter(
            name: stored.name, layer: layers.count, shape: stored.shape,
            weights: try checkpoint.read(stored).values,
            curvature: try checkpoint.read(moment).values.map { $0 * correction },
            unitAxes: checkpoint.hasUnitsLast ? stored.unitAxes(unitsLast: true) : nil))
      }
      if found { layers.append(layer.name) }
    }
    let batch = batchSize ?? checkpoint.batchSize
    isPerExample = batch != nil
    network = CurvedNetwork(
      layers: layers, parameters: parameters, curvatureScale: Double(batch ?? 1))
    let rest =
      missing.isEmpty ? "" : "; left out, without moments: \(missing.joined(separator: ", "))"
    findings = [
      FindingReport(
        code: "curvature-from-moments", where: checkpoint.path,
        text: "squared mini-batch gradients stand for the Fisher information: the labels are the "
          + "data's, and the mean lags by some \(min(Int(1 / max(1 - beta2, 1e-9)), updates)) steps\(rest)"
      )
    ]
  }
}
