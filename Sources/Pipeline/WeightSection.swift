// What the weights alone tell: norms, spectra, and a projection to compare later checkpoints with.

import Checkpoints
import Diagnostics
import Information
import Reports
import Tensors

/// What a checkpoint's weights gave, by layer.
struct WeightSection {
  let layers: [LayerReport]
  let projections: [KeptProjection]
  let parameterCount: Int
  let skipped: [SkippedReport]

  /// - Parameter figures: by the checkpoint's tensors.
  init(
    _ checkpoint: Checkpoint, _ survey: Survey, _ figures: [WeightFigures],
    _ inventory: LayerInventory
  ) {
    var projections: [KeptProjection] = []
    layers = inventory.layers.enumerated().map { position, layer in
      var report = LayerReport(
        name: layer.name, kind: layer.kind,
        // A product has no parameters of its own.
        parameters: layer.tensors.reduce(0) {
          $0 + (checkpoint.tensors[$1].isComputed ? 0 : checkpoint.tensors[$1].shape.count)
        },
        tensors: layer.tensors.map {
          Self.report(checkpoint.tensors[$0], survey.summaries[$0])
        })
      for index in layer.tensors {
        if let spectrum = figures[index].spectrum { report.spectrum = SpectrumReport(spectrum) }
        if let projection = figures[index].projection {
          projections.append(
            KeptProjection(
              name: checkpoint.tensors[index].name, layer: position, count: projection.count,
              square: projection.square, values: PackedFloats(projection.values)))
        }
      }
      return report
    }
    self.projections = projections
    parameterCount = layers.reduce(0) { $0 + $1.parameters }
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

  private static func buffers(_ checkpoint: Checkpoint) -> [SkippedReport] {
    checkpoint.tensors.compactMap { tensor in
      if tensor.isTied, let twin = tensor.sharedWith {
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
