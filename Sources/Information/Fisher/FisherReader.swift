// Adds the gradients of backward passes to a block's sums, entry by entry where diagonals are kept and
// by their squared norms otherwise.
internal import CKernels
internal import LinearAlgebra
internal import Networks

/// Adds a pass's gradients to a block's sums.
final class FisherReader: GradientReader {
  private(set) var sums: FisherSums
  /// What the rows of the current pass mean.
  var reduction: any FisherReduction = WeightedRows(rows: [], shares: [], jacobianShares: [])
  /// K of the current pass.
  var rows = 0
  private let counts: [Int]
  /// Per parameter, its weights; empty when not known.
  private let weights: [[Float]]
  private let readsEntries: Bool
  /// By example of the block, its group among the block's.
  private let group: [Int]
  let readsLayers: Bool

  /// - Parameters:
  ///   - range: the block's examples, and the groups that they are summed by.
  ///   - counts: P of every parameter.
  ///   - weights: of every parameter, or empty: no scale-free trace.
  init(
    range: Range<Int>, groups: ExampleGroups, counts: [Int], layers: Int, weights: [[Float]],
    estimator: FisherEstimator
  ) {
    let keepsDiagonal = estimator.keepsDiagonal
    sums = FisherSums(
      examples: range.count, counts: counts, layers: layers, keepsDiagonal: keepsDiagonal)
    readsLayers = estimator.measuresActivations
    self.counts = counts
    self.weights = weights
    readsEntries = keepsDiagonal || !weights.isEmpty
    let first = groups.groups(of: range).lowerBound
    group = range.map { groups.group(of: $0) - first }
  }

  var entryRows: Int { readsEntries ? reduction.entryRows : 0 }

  func read(parameter: Int, examples: Range<Int>, rows: Int, entries: UnsafePointer<Float>) {
    let count = counts[parameter]
    withPointers(parameter) { weights, diagonal in
      for n in examples {
        add(
          reduction.terms(
            entries + (n - examples.lowerBound) * rows * count, count: count, example: n,
            weights: weights, diagonal: diagonal), parameter, n)
      }
    }
  }

  func read(parameter: Int, examples: Range<Int>, squares: UnsafePointer<Double>) {
    let rows = entryRows..<rows
    for n in examples {
      add(
        reduction.terms(
          squares: squares + (n - examples.lowerBound) * rows.count, rows: rows, example: n),
        parameter, n)
    }
  }

  func read(
    layer: Int, examples: Int, rows: Int, features: Int, cotangents: UnsafePointer<Float>
  ) {
    // Taken out while it is written to, so that nothing is copied.
    var squares: [Float] = []
    swap(&squares, &sums.layers[layer])
    let count = ((group.last ?? 0) + 1) * features
    if squares.count != count { squares = [Float](repeating: 0, count: count) }
    squares.withUnsafeMutableBufferPointer { squares in
      for n in 0..<examples {
        _ = reduction.terms(
          cotangents + n * rows * features, count: features, example: n, weights: nil,
          diagonal: squares.baseAddress.map { $0 + group[n] * features })
      }
    }
    swap(&squares, &sums.layers[layer])
  }

  /// (left ⊗ right)² = left² ⊗ right²: what is reduced over rows is the left factor alone.
  func read(parameter: Int, outer: OuterGradients) {
    let (n, o, i) = (outer.examples, outer.leftCount, outer.rightCount)
    let scale = outer.scale * outer.scale
    // The left factors' own diagonals [n, o], and the right factors' squares [n, i].
    var reduced = [Float](repeating: 0, count: n * o)
    var squares = [Float](repeating: 0, count: n * i)
    for index in squares.indices {
      squares[index] = scale * outer.right[index] * outer.right[index]
    }
    var terms: [FisherTerms] = []
    reduced.withUnsafeMutableBufferPointer { reduced in
      for example in 0..<n {
        let left = outer.left + example * outer.rows * o
        var term = reduction.terms(
          left, count: o, example: example, weights: nil,
          diagonal: reduced.baseAddress.map { $0 + example * o })
        // Of the rows that are no part of F (Jacobian, true labels) the norms are enough.
        let others = reduction.entryRows..<max(reduction.entryRows, outer.rows)
        let norms = others.map { ck_sum_of_squares(left + $0 * o, o) }
        norms.withUnsafeBufferPointer { norms in
          guard let norms = norms.baseAddress, !others.isEmpty else { return }
          let rest = reduction.terms(squares: norms, rows: others, example: example)
          term.jacobian += rest.jacobian
          term.empirical += rest.empirical
        }
        terms.append(term)
      }
    }
    let free = weightedSums(parameter, outer, reduced, squares)
    for example in 0..<n {
      var right = 0.0
      for index in 0..<i { right += Double(squares[example * i + index]) }
      var term = terms[example]
      term.fisher *= right
      term.evenDraws *= right
      term.jacobian *= right
      term.empirical *= right
      term.tempered *= right
      term.scaleFree = free.isEmpty ? 0 : free[example]
      add(term, parameter, example)
    }
    guard !sums.diagonal[parameter].isEmpty else { return }
    sums.diagonal[parameter].withUnsafeMutableBufferPointer { diagonal in
      guard let diagonal = diagonal.baseAddress else { return }
      // [o, i] += reducedᵀ squares, or [i, o] the other way round
      if outer.isLeftMajor {
        multiply(
          transposeA: true, m: o, n: i, k: n, reduced, aStride: o, squares, bStride: i, beta: 1,
          into: diagonal, cStride: i)
      } else {
        multiply(
          transposeA: true, m: i, n: o, k: n, squares, aStride: i, reduced, bStride: o, beta: 1,
          into: diagonal, cStride: o)
      }
    }
  }

  /// Σ w² left² right² of every example; empty without weights.
  private func weightedSums(
    _ parameter: Int, _ outer: OuterGradients, _ reduced: [Float], _ squares: [Float]
  ) -> [Double] {
    guard !weights.isEmpty else { return [] }
    let (n, o, i) = (outer.examples, outer.leftCount, outer.rightCount)
    let squaredWeights = weights[parameter].map { $0 * $0 }
    var products = [Float](repeating: 0, count: n * o)
    // squares [n, i] times w² as [i, o]
    multiply(
      transposeB: outer.isLeftMajor, m: n, n: o, k: i, squares, aStride: i, squaredWeights,
      bStride: outer.isLeftMajor ? i : o, into: &products, cStride: o)
    return products.withUnsafeBufferPointer { products in
      reduced.withUnsafeBufferPointer { reduced in
        guard let products = products.baseAddress, let reduced = reduced.baseAddress else {
          return [Double](repeating: 0, count: n)
        }
        return (0..<n).map { ck_inner_product(products + $0 * o, reduced + $0 * o, o) }
      }
    }
  }

  private func add(_ terms: FisherTerms, _ parameter: Int, _ example: Int) {
    let at = parameter * sums.examples + example
    sums.fisher[at] += terms.fisher
    sums.jacobian[at] += terms.jacobian
    sums.empirical[at] += terms.empirical
    sums.scaleFree[at] += terms.scaleFree
    sums.tempered[at] += terms.tempered
    sums.evenDraws[example] += terms.evenDraws
  }

  private func withPointers(
    _ parameter: Int, _ body: (UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void
  ) {
    // Taken out while it is written to, so that nothing is copied.
    var diagonal: [Float] = []
    swap(&diagonal, &sums.diagonal[parameter])
    diagonal.withUnsafeMutableBufferPointer { buffer in
      let target = buffer.isEmpty ? nil : buffer.baseAddress
      guard !weights.isEmpty else { return body(nil, target) }
      weights[parameter].withUnsafeBufferPointer { body($0.baseAddress, target) }
    }
    swap(&diagonal, &sums.diagonal[parameter])
  }
}
