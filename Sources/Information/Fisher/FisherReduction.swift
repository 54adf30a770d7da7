// How the rows of a backward pass become Fisher information: as a sum of weighted squares, or exactly
// over the classes whose logits the rows are the gradients of (measurements.md §1).
internal import CKernels

/// What one vector of gradients, K rows of it, adds to an example.
struct FisherTerms {
  var fisher = 0.0
  var jacobian = 0.0
  var empirical = 0.0
  var scaleFree = 0.0
  var tempered = 0.0
  /// The part of `fisher` that even draws have.
  var evenDraws = 0.0
}

/// How the rows of a backward pass become Fisher information: a sum over squared rows, or exact over
/// the classes whose logits the rows are.
protocol FisherReduction {
  /// How many rows are needed entry by entry when diagonals or scale-free traces are wanted.
  var entryRows: Int { get }
  /// Reduces the gradients `[K, count]` of an example.
  ///
  /// - Parameters:
  ///   - weights: `[count]`, for the scale-free trace.
  ///   - diagonal: `[count]`, increased by the example's diagonal.
  func terms(
    _ gradients: UnsafePointer<Float>, count: Int, example: Int, weights: UnsafePointer<Float>?,
    diagonal: UnsafeMutablePointer<Float>?
  ) -> FisherTerms
  /// The same of squared norms alone, of the rows from `entryRows` on (or of all rows).
  func terms(squares: UnsafePointer<Double>, rows: Range<Int>, example: Int) -> FisherTerms
}

/// Rows that are drawn, or one class's score each: the trace is Σ_k share_k ‖g_k‖².
struct WeightedRows: FisherReduction {
  let rows: [CotangentRow]
  /// `[N, K]`: each row's share in its example's Fisher trace.
  let shares: [Float]
  /// Each row's share in the Jacobian trace.
  let jacobianShares: [Double]

  /// Rows come in the order of `CotangentRow.rows`: those with a share in F first.
  var entryRows: Int { rows.prefix { $0.isFisher }.count }

  func terms(
    _ gradients: UnsafePointer<Float>, count: Int, example: Int, weights: UnsafePointer<Float>?,
    diagonal: UnsafeMutablePointer<Float>?
  ) -> FisherTerms {
    let wanted = entryRows
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(wanted, 1)) { squares in
      shares.withUnsafeBufferPointer { shares in
        guard let squares = squares.baseAddress, let shares = shares.baseAddress else {
          return FisherTerms()
        }
        let free = ck_weighted_squares(
          gradients, wanted, count, shares + example * rows.count, weights, diagonal, squares)
        var terms = terms(squares: squares, rows: 0..<wanted, example: example)
        terms.scaleFree = free
        return terms
      }
    }
  }

  func terms(squares: UnsafePointer<Double>, rows range: Range<Int>, example: Int) -> FisherTerms {
    var terms = FisherTerms()
    for k in range {
      let square = squares[k - range.lowerBound]
      let share = shares[example * rows.count + k]
      // 0 · ∞ must not spoil a quantity that the row has no part in.
      if share != 0 {
        terms.fisher += Double(share) * square
        if rows[k].isEvenDraw { terms.evenDraws += Double(share) * square }
      }
      if jacobianShares[k] != 0 { terms.jacobian += jacobianShares[k] * square }
      if rows[k].isEmpirical { terms.empirical += square }
    }
    return terms
  }
}

/// Rows that are the gradients of all logits at one position: Fisher, Jacobian and empirical Fisher
/// from one pass.
struct ExactClasses: FisherReduction {
  let distribution: ClassDistribution
  /// Of the logits divided by τ, when their trace is wanted too; and 1/τ².
  let tempered: (distribution: ClassDistribution, share: Double)?
  /// By example: its row of the distribution.
  let row: (Int) -> Int
  /// By example: its label, when the empirical Fisher is wanted.
  let label: (Int) -> Int?

  var entryRows: Int { distribution.classes }

  func terms(
    _ gradients: UnsafePointer<Float>, count: Int, example: Int, weights: UnsafePointer<Float>?,
    diagonal: UnsafeMutablePointer<Float>?
  ) -> FisherTerms {
    let classes = distribution.classes
    let row = row(example)
    let sums = distribution.probabilities.withUnsafeBufferPointer { p in
      (tempered?.distribution.probabilities ?? []).withUnsafeBufferPointer { q in
        guard let p = p.baseAddress else { return ck_fisher() }
        return ck_fisher_exact(
          gradients, classes, count, p + row * classes, distribution.top[row],
          label(example) ?? classes, weights, diagonal,
          tempered == nil ? nil : q.baseAddress.map { $0 + row * classes })
      }
    }
    return FisherTerms(
      fisher: sums.fisher, jacobian: sums.jacobian / Double(classes), empirical: sums.empirical,
      scaleFree: sums.scale_free, tempered: sums.tempered * (tempered?.share ?? 0))
  }

  func terms(squares: UnsafePointer<Double>, rows: Range<Int>, example: Int) -> FisherTerms {
    // Norms of single logits do not give their covariance: every row is read entry by entry.
    FisherTerms()
  }
}
