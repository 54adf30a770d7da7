import Information
import Networks
import Reports
import Tensors

extension ActivationReport {
  /// What a layer's output on the probe tells.
  ///
  /// - Parameter capacity: of its recording.
  init(_ estimate: FisherEstimate, layer: Int, capacity: Measured<NoiseCapacity>) {
    let recording = estimate.recordings[layer]
    let rank = FeatureRank.of(recording, layout: estimate.layers[layer].layout)
    self.init(
      features: recording.shape.count / max(estimate.exampleCount, 1),
      capacityBits: Quantity(capacity.map(\.bits)),
      saturated: capacity.isSaturated(examples: estimate.exampleCount),
      effectiveRank: Quantity(rank.map(\.effectiveRank)),
      srank99: Quantity(rank.map { Double($0.srank99) }))
    activationFisher = Quantity(estimate.activationFisher(layer: layer))
    if let activity = estimate.unitActivity(layer: layer) {
      units = activity.value?.units
      dormantFraction = Quantity(activity.map(\.dormantFraction))
      deadFraction = Quantity(activity.map(\.deadFraction))
    }
  }
}

extension Measured<NoiseCapacity> {
  /// True or nothing: a report says only what a reader must know.
  func isSaturated(examples: Int) -> Bool? {
    guard let bits = value?.bits else { return nil }
    return Saturation.isReached(bits: bits, examples: examples) ? true : nil
  }
}
