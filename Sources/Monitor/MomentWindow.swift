import Information
import Reports

/// The optimizer's second moment over the window between two rows (measurements.md §4).
struct MomentWindow {
  /// Mean over the window of Σ g² of each layer, nats²; nil where a layer has no usable moments.
  let perLayer: [Measured<WindowedSecondMoment>]
  /// The step at which the window begins; 0 for the whole history.
  let sinceStep: Int

  /// Nil when the row kept no moments.
  init?(of row: SeriesRow, since previous: SeriesRow?) {
    guard let moments = row.kept.moments, moments.sums.count == row.layers.count,
      moments.elements.count == row.layers.count
    else { return nil }
    let earlier = previous.flatMap { previous in
      previous.layers.map(\.name) == row.layers.map(\.name) ? previous.kept.moments : nil
    }
    perLayer = row.layers.indices.map { layer in
      guard let current = Self.moment(moments, layer) else {
        return .absent("the optimizer keeps no moments of this layer")
      }
      return WindowedSecondMoment.between(
        earlier.flatMap { Self.moment($0, layer) }, current, beta2: moments.beta2)
    }
    sinceStep = earlier == nil ? 0 : previous?.step ?? 0
  }

  private static func moment(_ moments: KeptMoments, _ layer: Int) -> SecondMoment? {
    guard layer < moments.sums.count, layer < moments.elements.count,
      let sum = moments.sums[layer]
    else { return nil }
    return SecondMoment(
      step: moments.updates, sum: sum, elements: moments.elements[layer],
      lowPrecision: moments.lowPrecision)
  }

  /// Each layer's value; 0 where there is none.
  var values: [Double] { perLayer.map { $0.value?.value ?? 0 } }

  /// Σ over layers; nil when no layer has a value.
  var total: Double? {
    perLayer.contains { $0.value != nil } ? values.reduce(0, +) : nil
  }

  /// What limits the numbers, each once.
  var flags: [String] {
    var flags: [String] = []
    for flag in perLayer.flatMap({ $0.value?.flags ?? [] })
    where !flags.contains(flag.rawValue) {
      flags.append(flag.rawValue)
    }
    return flags
  }
}
