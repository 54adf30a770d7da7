import Information
package import Reports

/// How far the weights moved between two checkpoints, from their random projections.
package struct Movement {
  /// Squared sums over a layer's parameters; they add up over layers.
  package struct Sums {
    package var squaredDistance = 0.0
    package var earlierSquare = 0.0
    package var laterSquare = 0.0
    /// The largest relative error of a parameter's squared distance.
    package var relativeError = 0.0
    /// How many parameters were compared.
    package var compared = 0
    /// Whether a parameter was not finite on either side: then the sums are of the others only.
    package var isPartial = false

    /// Nothing yet.
    init() {}

    /// One parameter that is not finite on either side.
    static var notFinite: Sums {
      var sums = Sums()
      sums.isPartial = true
      return sums
    }

    /// One parameter's change; `relativeError` is that of ‖ΔW‖, 0 when it is exact.
    init(
      squaredDistance: Double, earlierSquare: Double, laterSquare: Double, relativeError: Double
    ) {
      self.squaredDistance = squaredDistance
      self.earlierSquare = earlierSquare
      self.laterSquare = laterSquare
      self.relativeError = relativeError
      compared = 1
    }

    package mutating func add(_ other: Sums) {
      squaredDistance += other.squaredDistance
      earlierSquare += other.earlierSquare
      laterSquare += other.laterSquare
      relativeError = max(relativeError, other.relativeError)
      isPartial = isPartial || other.isPartial
      compared += other.compared
    }

    /// ‖ΔW‖/‖W‖, W the earlier weights.
    package var relative: Quantity {
      guard !isPartial else { return .absent(reason: Self.partial) }
      guard compared > 0 else { return .absent(reason: Self.missing) }
      guard earlierSquare > 0 else { return .absent(reason: "the earlier weights are all zero") }
      let value = (squaredDistance / earlierSquare).squareRoot()
      return Quantity(value, standardError: relativeError > 0 ? value * relativeError : nil)
    }

    /// ⟨W₁, W₂⟩/(‖W₁‖‖W₂‖), formed from the distance, which keeps its precision near 1.
    package var cosine: Quantity {
      guard !isPartial else { return .absent(reason: Self.partial) }
      guard compared > 0 else { return .absent(reason: Self.missing) }
      let lengths = (earlierSquare * laterSquare).squareRoot()
      guard lengths > 0 else { return .absent(reason: "a side's weights are all zero") }
      let difference = earlierSquare.squareRoot() - laterSquare.squareRoot()
      let gap = max(0, squaredDistance - difference * difference) / (2 * lengths)
      return Quantity(
        max(-1, 1 - gap), standardError: relativeError > 0 ? 2 * gap * relativeError : nil)
    }

    /// The part of Σ‖ΔW‖²; nil where nothing moved, or the layer has nothing to be compared with.
    package func share(of total: Double) -> Double? {
      total > 0 && compared > 0 ? squaredDistance / total : nil
    }

    /// ‖ΔW‖²; nil where only a part of it is known.
    package var wholeSquaredDistance: Double? { isPartial ? nil : squaredDistance }

    private static let missing =
      "the earlier checkpoint has no parameters of these names and shapes"
    private static let partial = "weights are not finite at one of the two checkpoints"
  }

  /// One per layer of the later checkpoint; one that the earlier lacks has not moved.
  package let layers: [Sums]

  /// - Parameters:
  ///   - kept: the later checkpoint's projections.
  ///   - earlier: the earlier one's.
  ///   - layers: the number of layers that the later one's projections refer to.
  package init(to kept: [KeptProjection], since earlier: [KeptProjection], layers count: Int) {
    let before = Dictionary(
      earlier.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var layers = [Sums](repeating: Sums(), count: count)
    for projection in kept where layers.indices.contains(projection.layer) {
      guard let previous = before[projection.name] else { continue }
      guard let earlier = Self.projection(previous), let later = Self.projection(projection) else {
        layers[projection.layer].add(.notFinite)
        continue
      }
      guard let distance = earlier.squaredDistance(to: later) else { continue }
      let width = projection.values.values.count
      layers[projection.layer].add(
        Sums(
          squaredDistance: distance, earlierSquare: earlier.square, laterSquare: later.square,
          relativeError: projection.count > width ? (0.5 / Double(width)).squareRoot() : 0))
    }
    self.layers = layers
  }

  /// Exact sums of layers whose weights are both at hand.
  init(layers: [Sums]) { self.layers = layers }

  /// Over all layers.
  package var total: Sums {
    var total = Sums()
    for layer in layers { total.add(layer) }
    return total
  }

  /// Nil where the parameter was not finite.
  private static func projection(_ kept: KeptProjection) -> RandomProjection? {
    kept.square.map {
      RandomProjection(
        count: kept.count, seed: KeptProjection.seed(ofParameter: kept.name), square: $0,
        values: kept.values.values)
    }
  }
}
