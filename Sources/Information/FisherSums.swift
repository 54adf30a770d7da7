// Accumulators of one block of examples: what every parameter's gradient of every example adds.
internal import CKernels

/// Per-example sums and the diagonal of a block.
struct FisherSums: Sendable {
  let examples: Int
  /// Each `[parameters, examples]`.
  var fisher: [Double]
  var jacobian: [Double]
  var empirical: [Double]
  var scaleFree: [Double]
  /// Per parameter, its diagonal summed over the block's examples; empty when not kept.
  var diagonal: [[Float]]
  /// Per parameter, its weights; empty when not known.
  private let weights: [[Float]]

  init(examples: Int, counts: [Int], weights: [[Float]], keepsDiagonal: Bool) {
    self.examples = examples
    let zeros = [Double](repeating: 0, count: examples * counts.count)
    fisher = zeros
    jacobian = zeros
    empirical = zeros
    scaleFree = zeros
    diagonal = counts.map { [Float](repeating: 0, count: keepsDiagonal ? $0 : 0) }
    self.weights = weights
  }

  /// Adds one row of logits, exact over its classes.
  ///
  /// - Parameter gradients: `[classes, P]`, one per logit.
  mutating func addExact(
    _ gradients: UnsafeBufferPointer<Float>, parameter: Int, example: Int,
    distribution: ClassDistribution, row: Int, label: Int?
  ) {
    let classes = distribution.classes
    let top = distribution.top[row]
    let sums = withPointers(parameter) { weights, diagonal in
      distribution.probabilities.withUnsafeBufferPointer { p in
        guard let p = p.baseAddress, let g = gradients.baseAddress else { return ck_fisher() }
        return ck_fisher_exact(
          g, classes, gradients.count / classes, p + row * classes, top, label ?? classes, weights,
          diagonal)
      }
    }
    let at = parameter * examples + example
    fisher[at] += sums.fisher
    jacobian[at] += sums.jacobian / Double(classes)
    empirical[at] += sums.empirical
    scaleFree[at] += sums.scale_free
  }

  /// Adds a backward pass's rows.
  ///
  /// - Parameters:
  ///   - gradients: `[rows, P]`.
  ///   - rows: what each row is.
  ///   - shares: each row's share in this example's Fisher trace.
  ///   - jacobianShares: each row's share in the Jacobian trace.
  mutating func addRows(
    _ gradients: UnsafeBufferPointer<Float>, parameter: Int, example: Int, rows: [CotangentRow],
    shares: ArraySlice<Float>, jacobianShares: [Double]
  ) {
    var squares = [Double](repeating: 0, count: rows.count)
    let free = withPointers(parameter) { weights, diagonal in
      shares.withUnsafeBufferPointer { shares in
        squares.withUnsafeMutableBufferPointer { squares in
          guard let g = gradients.baseAddress, let shares = shares.baseAddress,
            let squares = squares.baseAddress
          else { return 0.0 }
          return ck_weighted_squares(
            g, rows.count, gradients.count / rows.count, shares, weights, diagonal, squares)
        }
      }
    }
    let at = parameter * examples + example
    scaleFree[at] += free
    for (k, share) in shares.enumerated() {
      // 0 · ∞ must not spoil a quantity that the row has no part in.
      if share != 0 { fisher[at] += Double(share) * squares[k] }
      if jacobianShares[k] != 0 { jacobian[at] += jacobianShares[k] * squares[k] }
      if rows[k].isEmpirical { empirical[at] += squares[k] }
    }
  }

  private mutating func withPointers<Result>(
    _ parameter: Int, _ body: (UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Result
  ) -> Result {
    let weights = weights
    return diagonal[parameter].withUnsafeMutableBufferPointer { diagonal in
      let target = diagonal.isEmpty ? nil : diagonal.baseAddress
      guard !weights.isEmpty else { return body(nil, target) }
      return weights[parameter].withUnsafeBufferPointer { body($0.baseAddress, target) }
    }
  }
}
