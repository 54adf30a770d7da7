// Squared norms of a shared matrix's gradients from inner products between places (see
// `GradientPlan.Way.products`). Exact in exact arithmetic; where the sum cancels too much for single
// precision the caller is told, and forms the gradient.
internal import CKernels
internal import Tensors

/// The uses of one matrix in one example.
struct SquaredNorms {
  private struct Part {
    let use: Program.Use
    let operation: any FactoredOperator
    let factors: GradientFactors
    let arrays: Arrays
    /// Made for a matrix of several uses only: one alone may have a shorter way to its products.
    let activation: GradientFactors.Factor?
  }

  private let parts: [Part]
  private let example: Int
  /// `[places, places]` each: products of one axis, and of the other one.
  private let first: UnsafeMutablePointer<Float>
  private let second: UnsafeMutablePointer<Float>

  /// What is left of the sum of squares of the places' own gradients, at the least: below it the
  /// rounding of single-precision products (6e-8 of that sum) exceeds 1e-4 of the result.
  private static let leastRemainder = 1e-3

  /// - Parameter scratch: room for two matrices of all places.
  init(
    _ uses: [Program.Use], example: Int, _ program: Program, _ arrays: [Arrays],
    scratch: FloatBuffer
  ) {
    self.example = example
    parts = uses.compactMap { use in
      guard let operation = program.steps[use.step].operation as? any FactoredOperator,
        let factors = operation.factors(use.input)
      else { return nil }
      return Part(
        use: use, operation: operation, factors: factors, arrays: arrays[use.step],
        activation: uses.count == 1
          ? nil : operation.activationFactor(use.input, example: example, arrays[use.step]))
    }
    first = scratch.pointer
    second = scratch.pointer + scratch.count / 2
  }

  /// The squared norm of every row's gradient, or nil where it cancels.
  ///
  /// - Parameters:
  ///   - rows: which of the K rows.
  ///   - delta: the cotangents of a use's output for this example and a row.
  func squares(
    rows: Range<Int>, delta: (_ use: Program.Use, _ row: Int) -> UnsafePointer<Float>,
    _ visit: (_ row: Int, _ square: Double?) -> Void
  ) {
    guard parts.count > 1 else {
      guard let part = parts.first else { return }
      alone(part, rows, delta, visit)
      return
    }
    for row in rows {
      var sum = 0.0
      var own = 0.0
      for (index, part) in parts.enumerated() {
        let (square, diagonal) = square(part, delta(part.use, row))
        sum += square
        own += diagonal
        for other in parts[..<index] { sum += 2 * product(part, other, row, delta) }
      }
      visit(row, sum >= Self.leastRemainder * own ? sum : nil)
    }
  }

  /// One use: the activations' products serve all rows.
  private func alone(
    _ part: Part, _ rows: Range<Int>,
    _ delta: (_ use: Program.Use, _ row: Int) -> UnsafePointer<Float>,
    _ visit: (_ row: Int, _ square: Double?) -> Void
  ) {
    part.operation.activationProducts(
      part.use.input, example: example, part.arrays, into: first)
    for row in rows {
      let (square, own) = multiplied(part, delta(part.use, row))
      visit(row, square >= Self.leastRemainder * own ? square : nil)
    }
  }

  private func square(_ part: Part, _ delta: UnsafePointer<Float>) -> (Double, Double) {
    part.activation?.innerWithSelf(
      places: part.factors.places, features: part.factors.activationCount, into: first)
    return multiplied(part, delta)
  }

  /// With the activations' products in `first`: the squared norm, and the sum of the places' own.
  private func multiplied(_ part: Part, _ delta: UnsafePointer<Float>) -> (Double, Double) {
    let places = part.factors.places
    part.operation.cotangentFactor(part.use.input, delta).innerWithSelf(
      places: places, features: part.factors.cotangentCount, into: second)
    var own = 0.0
    let sum = ck_triangle_inner_product(first, second, places, &own)
    let scale = Double(part.factors.scale) * Double(part.factors.scale)
    return (scale * sum, scale * own)
  }

  private func factor(
    _ part: Part, _ side: GradientFactors.Side, _ delta: UnsafePointer<Float>
  ) -> GradientFactors.Factor? {
    part.factors.cotangentSide == side
      ? part.operation.cotangentFactor(part.use.input, delta) : part.activation
  }

  /// The inner product of two uses' gradients.
  private func product(
    _ a: Part, _ b: Part, _ row: Int,
    _ delta: (_ use: Program.Use, _ row: Int) -> UnsafePointer<Float>
  ) -> Double {
    for side in [GradientFactors.Side.first, .second] {
      guard let left = factor(a, side, delta(a.use, row)),
        let right = factor(b, side, delta(b.use, row))
      else { continue }
      left.inner(
        right, places: a.factors.places, others: b.factors.places,
        features: side == .first ? a.factors.first : a.factors.second,
        into: side == .first ? first : second)
    }
    return Double(a.factors.scale) * Double(b.factors.scale)
      * ck_inner_product(first, second, a.factors.places * b.factors.places)
  }
}

extension GradientFactors {
  var cotangentCount: Int { cotangentSide == .first ? first : second }
  var activationCount: Int { cotangentSide == .first ? second : first }
}
