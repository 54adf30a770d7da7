// U-centred Gram matrices: what debiased alignment is the cosine between.
internal import CKernels

/// A U-centred Gram matrix, ready for many comparisons.
public struct CentredGram: Sendable {
  /// N.
  public let examples: Int
  /// `[N, N]`, zero diagonal, rows and columns that add up to zero.
  private let values: [Float]
  /// ⟨K̃, K̃⟩.
  private let square: Double

  /// Centres a Gram matrix.
  ///
  /// - Returns: absent below four examples, and when all examples look the same to the layer.
  public static func of(_ gram: ExampleGram) -> Measured<CentredGram> {
    let n = gram.examples
    guard n >= 4 else { return .absent("\(n) examples, fewer than 4") }
    var values = gram.values
    let scale = values.withUnsafeMutableBufferPointer { values in
      ck_u_centre(values.baseAddress, n)
    }
    let square = values.withUnsafeBufferPointer { ck_sum_of_squares($0.baseAddress, $0.count) }
    // What is left below single precision of the largest entry is rounding, not arrangement.
    let noise = scale * 1e-6 * Double(n)
    guard square.isFinite, square > noise * noise else {
      return .absent("the layer does not tell the examples apart")
    }
    return .known(CentredGram(examples: n, values: values, square: square))
  }

  /// Alignment with another layer's, or another checkpoint's.
  public func alignment(
    with other: CentredGram, permutations: Int = 19, seed: UInt64 = 0
  ) -> Measured<Alignment> {
    guard examples == other.examples else { return .absent("the numbers of examples differ") }
    let norm = (square * other.square).squareRoot()
    guard norm > 0, norm.isFinite else { return .absent("the recordings' scales are too extreme") }
    let value = product(other, order: nil) / norm
    guard value.isFinite else { return .absent("the alignment is not finite") }
    var null: [Double] = []
    for permutation in 0..<max(permutations, 0) {
      var stream = ProbeStream(seed: seed, purpose: .order, stream: permutation)
      let order = (0..<UInt32(examples)).shuffled(using: &stream)
      null.append(product(other, order: order) / norm)
    }
    return .known(
      Alignment(
        value: min(max(value, -1), 1),
        nullMean: null.isEmpty ? nil : null.reduce(0, +) / Double(null.count),
        null95: Self.level95(null.sorted())))
  }

  /// What one more of them exceeds with a probability of 5 % at most: of 19 the largest (North, Curtis and Sham,
  /// 2002); nil of fewer.
  private static func level95(_ null: [Double]) -> Double? {
    let place = (0.95 * Double(null.count + 1)).rounded(.up)
    return Int(place) <= null.count ? null[Int(place) - 1] : nil
  }

  private func product(_ other: CentredGram, order: [UInt32]?) -> Double {
    values.withUnsafeBufferPointer { a in
      other.values.withUnsafeBufferPointer { b in
        guard let order else { return ck_inner_product(a.baseAddress, b.baseAddress, a.count) }
        return order.withUnsafeBufferPointer {
          ck_permuted_inner_product(a.baseAddress, b.baseAddress, $0.baseAddress, examples)
        }
      }
    }
  }
}
