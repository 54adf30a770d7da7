package import Information
package import Reports

/// The optimizer's second moment over the window between two checkpoints (measurements.md §4).
package struct MomentWindow {
  /// Mean over the window of Σ g² of each layer, nats²; absent where a layer has no usable moments.
  package let perLayer: [Measured<WindowedSecondMoment>]
  /// Whether the optimizer began anew since the earlier checkpoint: the window is all that it has seen.
  package let isRestarted: Bool

  /// - Parameters:
  ///   - moments: the later checkpoint's.
  ///   - earlier: those of an earlier checkpoint with the same layers; nil for the whole history.
  ///   - steps: of the two checkpoints, where they are known.
  package init(
    of moments: KeptMoments, since earlier: KeptMoments?, steps: (earlier: Int, now: Int)? = nil
  ) {
    let isRestarted = earlier.map { !Self.goesOn(moments, after: $0, steps) } ?? false
    self.isRestarted = isRestarted
    let earlier = isRestarted ? nil : earlier
    perLayer = moments.sums.indices.map { layer in
      switch Self.moment(moments, layer) {
      case .absent(let reason): .absent(reason)
      case .known(let current):
        WindowedSecondMoment.between(
          earlier.flatMap { Self.moment($0, layer).value }, current,
          clipped: moments.gradientClipping.map { $0 > 0 }
        ).map { isRestarted ? $0.flagged(.restarted) : $0 }
      }
    }
  }

  /// Whether an optimizer is the one of an earlier checkpoint: one that was made anew in between counts from 0,
  /// so that its updates are no more than before, or are as many as the steps in between allow and far fewer
  /// beyond those before.
  private static func goesOn(
    _ moments: KeptMoments, after earlier: KeptMoments, _ steps: (earlier: Int, now: Int)?
  ) -> Bool {
    guard earlier.updates < moments.updates else { return false }
    guard let steps, steps.earlier > 0, steps.now > steps.earlier, earlier.updates > 0 else {
      return true
    }
    let updatesPerStep = Double(earlier.updates) / Double(steps.earlier)
    let expected = updatesPerStep * (Double(steps.now) - Double(steps.earlier))
    return Double(moments.updates) > 1.02 * expected + 1
      || Double(moments.updates - earlier.updates) >= 0.9 * expected
  }

  private static func moment(_ moments: KeptMoments, _ layer: Int) -> Measured<SecondMoment> {
    guard moments.sums.indices.contains(layer), moments.elements.indices.contains(layer),
      let sum = moments.sums[layer]
    else { return .absent("the optimizer keeps no moments of this layer") }
    guard let updates = moments.updates(ofLayer: layer) else {
      return .absent("its parameters have had different numbers of updates")
    }
    let gathering: SecondMoment.Gathering
    if moments.isSum == true {
      gathering = .sum(from: moments.sumFrom)
    } else if let beta2 = moments.beta2(ofLayer: layer) {
      gathering = .mean(beta2: beta2)
    } else {
      return .absent("its parameters have different decays")
    }
    return .known(
      SecondMoment(
        gathering, step: updates, sum: sum, elements: moments.elements[layer],
        lowPrecision: moments.lowPrecision))
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
