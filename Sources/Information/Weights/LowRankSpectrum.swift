// The spectrum of a product of two thin factors (measurements.md §4), as adapters have it, from matrices
// of the order of its rank: the product itself may be a thousand times as large.
internal import LinearAlgebra
public import Tensors

extension Spectrum {
  /// Ranks above it are left to the product's own matrix.
  private static let maximumRank = 512

  /// Whether factors of these shapes are thin enough: left [outputs, rank], right [rank, inputs…].
  public static func hasThinFactors(_ left: Shape, _ right: Shape) -> Bool {
    guard let rank = right.dimensions.first, let outputs = left.dimensions.first, rank > 0,
      left.count == outputs * rank
    else { return false }
    return rank <= maximumRank && rank <= outputs && rank < right.count / rank
  }

  /// Measures W = scale · B A, B [outputs, rank] and A [rank, inputs…] as `hasThinFactors` allows them.
  ///
  /// With A Aᵀ = L Lᵀ and G = Bᵀ B the singular values of B A are the roots of the eigenvalues of
  /// Lᵀ G L, which is [rank, rank]; all others are zero.
  public init(left b: Tensor, right a: Tensor, scale: Double) {
    let rank = a.shape.dimensions.first ?? 1
    var right = SingularValueMeter(rows: rank, columns: a.shape.count / rank)
    a.values.withUnsafeBufferPointer { right.add($0) }
    var left = SingularValueMeter(rows: b.shape.count / rank, columns: rank)
    b.values.withUnsafeBufferPointer { left.add($0) }
    let gram = Self.inner(left.takeGram(), Self.lowerFactor(right.takeGram(), rank), rank)
    guard gram.allSatisfy(\.isFinite), scale.isFinite else {
      self.init(squares: .nan, singularValues: .absent("a weight, or its square, is not finite"))
      return
    }
    guard let roots = LinearAlgebra.singularValues(gram: gram, order: rank) else {
      self.init(squares: .nan, singularValues: .absent("its singular values did not converge"))
      return
    }
    let values = roots.map { $0 * abs(scale) }
    let squares = values.reduce(0) { $0 + $1 * $1 }
    self.init(
      squares: squares,
      singularValues: squares > 0
        ? .known(values) : .absent("all weights, or their squares, are zero"))
  }

  /// L [n, n] of a Gram matrix M = L Lᵀ, of which the upper triangle is read. Where M has no more rank
  /// than its columns before, the column of L is zero.
  private static func lowerFactor(_ m: [Double], _ n: Int) -> [Double] {
    var l = [Double](repeating: 0, count: n * n)
    let floor = (0..<n).reduce(0) { max($0, m[$1 * n + $1]) } * 0x1p-48
    for j in 0..<n {
      var pivot = m[j * n + j]
      for k in 0..<j { pivot -= l[j * n + k] * l[j * n + k] }
      guard pivot > floor else { continue }
      let root = pivot.squareRoot()
      l[j * n + j] = root
      for i in (j + 1)..<max(n, j + 1) {
        var value = m[j * n + i]
        for k in 0..<j { value -= l[i * n + k] * l[j * n + k] }
        l[i * n + j] = value / root
      }
    }
    return l
  }

  /// Lᵀ G L, all [n, n]; of G the upper triangle is read.
  private static func inner(_ g: [Double], _ l: [Double], _ n: Int) -> [Double] {
    var product = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for k in 0..<n {
        let factor = g[min(i, k) * n + max(i, k)]
        for j in 0...k { product[i * n + j] += factor * l[k * n + j] }
      }
    }
    var result = [Double](repeating: 0, count: n * n)
    for k in 0..<n {
      for i in 0...k {
        let factor = l[k * n + i]
        for j in 0..<n { result[i * n + j] += factor * product[k * n + j] }
      }
    }
    return result
  }
}
