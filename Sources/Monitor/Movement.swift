import Information
import Reports

/// How far the weights moved between two rows, from their random projections.
struct Movement {
  /// Squared sums over a layer's parameters; they add up over layers.
  struct Sums {
    var squaredDistance = 0.0
    var earlierSquare = 0.0
    var laterSquare = 0.0
    /// The largest relative error of a parameter's squared distance.
    var relativeError = 0.0

    mutating func add(_ other: Sums) {
      squaredDistance += other.squaredDistance
      earlierSquare += other.earlierSquare
      laterSquare += other.laterSquare
      relativeError = max(relativeError, other.relativeError)
    }

    /// ‖ΔW‖/‖W‖, W the earlier weights.
    var relative: Quantity {
      guard earlierSquare > 0 else { return .absent(reason: "the earlier weights are all zero") }
      let value = (squaredDistance / earlierSquare).squareRoot()
      return Quantity(value, standardError: relativeError > 0 ? value * relativeError : nil)
    }

    /// ⟨W₁, W₂⟩/(‖W₁‖‖W₂‖), formed from the distance, which keeps its precision near 1.
    var cosine: Quantity {
      let lengths = (earlierSquare * laterSquare).squareRoot()
      guard lengths > 0 else { return .absent(reason: "a side's weights are all zero") }
      let difference = earlierSquare.squareRoot() - laterSquare.squareRoot()
      let gap = max(0, squaredDistance - difference * difference) / (2 * lengths)
      return Quantity(max(-1, 1 - gap), standardError: relativeError > 0 ? 2 * gap * relativeError : nil)
    }
  }

  /// One per layer of the later row; a layer that the earlier row lacks has not moved.
  let layers: [Sums]

  init(to row: SeriesRow, since previous: SeriesRow) {
    let earlier = Dictionary(
      previous.kept.projections.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var layers = [Sums](repeating: Sums(), count: row.layers.count)
    for projection in row.kept.projections where layers.indices.contains(projection.layer) {
      guard let before = earlier[projection.name],
        case .known(let update) = Self.projection(before).update(to: Self.projection(projection))
      else { continue }
      let distance = update.relativeNorm * update.relativeNorm * before.square
      layers[projection.layer].add(
        Sums(
          squaredDistance: distance, earlierSquare: before.square,
          laterSquare: projection.square, relativeError: update.relativeError ?? 0))
    }
    self.layers = layers
  }

  /// Over all layers.
  var total: Sums {
    var total = Sums()
    for layer in layers { total.add(layer) }
    return total
  }

  private static func projection(_ kept: KeptProjection) -> RandomProjection {
    RandomProjection(
      count: kept.count, seed: KeptProjection.seed(ofParameter: kept.name), square: kept.square,
      values: kept.values.values)
  }
}
