package import Information
package import Reports

/// The optimizer's second moment over the window between two checkpoints (measurements.md §4).
package struct MomentWindow {
  /// Mean over the window of Σ g² of each layer, nats²; absent where a layer has no usable moments.
  package let perLayer: [Measured<WindowedSecondMoment>]

  /// - Parameters:
  ///   - moments: the later checkpoint's.
  ///   - earlier: those of an earlier checkpoint with the same layers; nil for the whole history. One with as
  ///     many updates or more was another optimizer's: this one began anew since.
  package init(of moments: KeptMoments, since earlier: KeptMoments?) {
    let earlier = earlier.flatMap { $0.updates < moments.updates ? $0 : nil }
    perLayer = moments.sums.indices.map { layer in
      if let earlier, earlier.beta2 != moments.beta2 {
        return .absent("beta2 went from \(earlier.beta2) to \(moments.beta2) in between")
      }
      guard moments.sums.indices.contains(layer), moments.sums[layer] != nil else {
        return .absent("the optimizer keeps no moments of this layer")
      }
      guard let current = Self.moment(moments, layer) else {
        return .absent("its parameters have had different numbers of updates")
      }
      return WindowedSecondMoment.between(
        earlier.flatMap { Self.moment($0, layer) }, current, beta2: moments.beta2,
        clipped: moments.gradientClipping.map { $0 > 0 })
    }
  }

  private static func moment(_ moments: KeptMoments, _ layer: Int) -> SecondMoment? {
    guard moments.sums.indices.contains(layer), moments.elements.indices.contains(layer),
      let sum = moments.sums[layer], let updates = moments.updates(ofLayer: layer)
    else { return nil }
    return SecondMoment(
      step: updates, sum: sum, elements: moments.elements[layer],
      lowPrecision: moments.lowPrecision)
  }

  /// Each layer's value; 0 where there is none.
  package var values: [Double] { perLayer.map { $0.value?.value ?? 0 } }

  /// Σ over layers; nil when no layer has a value.
  package var total: Double? {
    perLayer.contains { $0.value != nil } ? values.reduce(0, +) : nil
  }

  /// What limits the numbers, each once.
  package var flags: [MomentFlag] {
    var flags: [MomentFlag] = []
    for flag in perLayer.flatMap({ $0.value?.flags ?? [] }) where !flags.contains(flag) {
      flags.append(flag)
    }
    return flags
  }
}
