// The gradient of a weight matrix as a sum of outer products over places (positions of a sequence,
// pixels of a convolution's output): G = scale · Σ_t first_t ⊗ second_t for one example and one
// cotangent. What squared norms are computed from without forming G.
internal import LinearAlgebra

/// The shape of the factors of a matrix `[first, second]`.
struct GradientFactors {
  /// T.
  let places: Int
  /// Extents of the matrix as it lies in memory.
  let first: Int
  let second: Int
  /// The axis that cotangents make; the other one is made of activations or of picked rows.
  let cotangentSide: Side
  /// Whether the other axis picks one row per place: an embedding.
  var picksRows = false
  /// Whether the factor made of activations lies in the network's scratch memory.
  var usesScratch = false
  var scale: Float = 1
  /// Windows of an image whose places meet in several of them; nil where columns are multiplied.
  var windows: Windows?
  /// How many tiles the squared norms may be computed from; nil where that way does not exist.
  var tiles: Int?

  /// What the activations' factor is cut out of.
  struct Windows {
    /// Places of the image, its channels, and the entries of a window in each.
    let pixels: Int
    let channels: Int
    let taps: Int
  }

  enum Side { case first, second }

  /// The factor of one axis over all places.
  enum Factor {
    /// `[T, features]` or, feature-major, `[features, T]`.
    case matrix(UnsafePointer<Float>, isPlaceMajor: Bool)
    /// The index of the one feature that is 1 at each place.
    case rows(ArraySlice<Int>)
  }
}

/// An operator that gives the factors of a weight's gradient.
protocol FactoredOperator: Operator {
  /// The factors' shape; nil when the input's gradient has none, or not cheaply.
  func factors(_ input: Int) -> GradientFactors?
  /// The factor made of activations (or picked rows) of one example; valid until the next call.
  func activationFactor(_ input: Int, example: Int, _ arrays: Arrays) -> GradientFactors.Factor
  /// The factor made of one row's cotangents, `δ` of one example and row.
  func cotangentFactor(
    _ input: Int, _ delta: UnsafePointer<Float>
  ) -> GradientFactors.Factor
  /// The upper triangle of the inner products between places of the factor made of activations,
  /// `[T, T]`.
  func activationProducts(
    _ input: Int, example: Int, _ arrays: Arrays, into products: UnsafeMutablePointer<Float>)
  /// The squared norms of some rows' gradients from tiles; only where `GradientFactors.tiles` is set.
  func tiledSquares(
    _ input: Int, example: Int, _ arrays: Arrays, rows: Range<Int>,
    delta: (_ row: Int) -> UnsafePointer<Float>, _ visit: (_ row: Int, _ square: Double) -> Void)
}

extension FactoredOperator {
  func activationProducts(
    _ input: Int, example: Int, _ arrays: Arrays, into products: UnsafeMutablePointer<Float>
  ) {
    guard let factors = factors(input) else { return }
    activationFactor(input, example: example, arrays).innerWithSelf(
      places: factors.places, features: factors.activationCount, into: products)
  }

  func tiledSquares(
    _ input: Int, example: Int, _ arrays: Arrays, rows: Range<Int>,
    delta: (_ row: Int) -> UnsafePointer<Float>, _ visit: (_ row: Int, _ square: Double) -> Void
  ) {}
}

extension GradientFactors.Factor {
  /// The inner products of every place's features with every place of another factor of the same
  /// axis, `[T, T']`.
  ///
  /// - Parameter features: extent of the axis.
  func inner(
    _ other: GradientFactors.Factor, places: Int, others: Int, features: Int,
    into products: UnsafeMutablePointer<Float>
  ) {
    switch (self, other) {
    case (.matrix(let a, let aIsMajor), .matrix(let b, let bIsMajor)):
      multiply(
        transposeA: !aIsMajor, transposeB: bIsMajor, m: places, n: others, k: features, a,
        aStride: aIsMajor ? features : places, b, bStride: bIsMajor ? features : others,
        into: products, cStride: others)
    case (.rows(let a), .rows(let b)):
      for (t, row) in a.enumerated() {
        for (s, other) in b.enumerated() { products[t * others + s] = row == other ? 1 : 0 }
      }
    case (.rows(let a), .matrix(let b, let isMajor)):
      for (t, row) in a.enumerated() {
        for s in 0..<others {
          products[t * others + s] = isMajor ? b[s * features + row] : b[row * others + s]
        }
      }
    case (.matrix(let a, let isMajor), .rows(let b)):
      for t in 0..<places {
        for (s, row) in b.enumerated() {
          products[t * others + s] = isMajor ? a[t * features + row] : a[row * places + t]
        }
      }
    }
  }

  /// The upper triangle of the inner products of every place's features with every other place's,
  /// `[T, T]`; what is below the diagonal is undefined.
  func innerWithSelf(places: Int, features: Int, into products: UnsafeMutablePointer<Float>) {
    switch self {
    case .matrix(let a, let isMajor):
      multiplyBySelf(
        transpose: !isMajor, n: places, k: features, a, aStride: isMajor ? features : places,
        into: products, cStride: places)
    case .rows:
      inner(self, places: places, others: places, features: features, into: products)
    }
  }
}
