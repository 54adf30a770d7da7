// What the weights alone tell: norms, spectra, and a projection to compare later checkpoints with.

import Checkpoints
import Diagnostics
import Information
import Reports
import Tensors

/// The weights of a checkpoint, read once.
struct WeightSection {
  let layers: [LayerReport]
  let projections: [KeptProjection]
  let parameterCount: Int
  /// Squared-norm bookkeeping aside, nothing of the weights stays in memory.
  let skipped: [SkippedReport]

  /// Buckets of a parameter's projection: 3.1 % error of ‖ΔW‖.
  private static let projectionWidth = 512

  init(
    _ checkpoint: Checkpoint, _ survey: Survey, _ inventory: LayerInventory, keeps: Bool,
    measuresSpectra: Bool, held: [String: Tensor]
  ) throws(Problem) {
    var layers: [LayerReport] = []
    var projections: [KeptProjection] = []
    var parameterCount = 0
    for (position, layer) in inventory.layers.enumerated() {
      var tensors: [TensorReport] = []
      var largest: (tensor: Tensor, count: Int)?
      for index in layer.tensors {
        let stored = checkpoint.tensors[index]
        tensors.append(Self.report(stored, survey.summaries[index]))
        let isMatrix = measuresSpectra && stored.shape.rank >= 2
        guard keeps || (isMatrix && stored.shape.count > largest?.count ?? 0) else { continue }
        let tensor: Tensor
        if let known = held[stored.name] {
          tensor = known
        } else {
          tensor = try checkpoint.read(stored)
        }
        if keeps {
          projections.append(Self.projection(tensor, name: stored.name, layer: position))
        }
        if isMatrix, tensor.shape.count > largest?.count ?? 0 {
          largest = (tensor, tensor.shape.count)
        }
      }
      let count = layer.tensors.reduce(0) { $0 + checkpoint.tensors[$1].shape.count }
      parameterCount += count
      var report = LayerReport(
        name: layer.name, kind: layer.kind, parameters: count, tensors: tensors)
      report.spectrum = largest.map { SpectrumReport(Spectrum(of: $0.tensor)) }
      layers.append(report)
    }
    self.layers = layers
    self.projections = projections
    self.parameterCount = parameterCount
    skipped = Self.buffers(checkpoint)
  }

  private static func report(_ stored: StoredTensor, _ summary: TensorSummary) -> TensorReport {
    let nonfinite = summary.nanCount + summary.infiniteCount
    let reason = "\(summary.nanCount) NaN and \(summary.infiniteCount) infinite elements"
    var report = TensorReport(
      name: stored.name, shape: stored.shape.dimensions, type: stored.type.rawValue,
      frobeniusNorm: Quantity(summary.frobeniusNorm, otherwise: reason))
    report.meanMagnitude = Quantity(
      summary.meanAbsolute, otherwise: summary.count == 0 ? "no elements" : reason)
    if nonfinite > 0 { report.nonfinite = nonfinite }
    return report
  }

  private static func projection(_ tensor: Tensor, name: String, layer: Int) -> KeptProjection {
    let projection = RandomProjection(
      of: tensor.values, seed: KeptProjection.seed(ofParameter: name), width: projectionWidth)
    return KeptProjection(
      name: name, layer: layer, count: projection.count, square: projection.square,
      values: PackedFloats(projection.values))
  }

  private static func buffers(_ checkpoint: Checkpoint) -> [SkippedReport] {
    checkpoint.tensors.compactMap { tensor in
      if let twin = tensor.sharedWith {
        return SkippedReport(name: tensor.name, reason: "the same storage as \(twin)")
      }
      return tensor.isBuffer
        ? SkippedReport(name: tensor.name, reason: "a buffer, not a parameter") : nil
    }
  }
}

extension SpectrumReport {
  init(_ spectrum: Spectrum) {
    self.init(
      stableRank: Quantity(spectrum.stableRank), effectiveRank: Quantity(spectrum.effectiveRank),
      srank99: Quantity(spectrum.srank99.map(Double.init)), alpha: Quantity(spectrum.alpha),
      spectralNorm: Quantity(spectrum.spectralNorm),
      frobeniusNorm: Quantity(spectrum.frobeniusNorm))
  }
}
