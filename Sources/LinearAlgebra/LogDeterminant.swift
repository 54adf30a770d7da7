// Logarithm of the determinant of a positive definite matrix, by Cholesky (LAPACK's dpotrf).
internal import COpenBLAS
internal import Glibc

/// ln det of a symmetric positive definite matrix.
///
/// - Parameter matrix: `[order, order]`, row-major; only the upper triangle is read.
/// - Returns: nil when the matrix is not positive definite, or holds a value that is not finite.
/// - Complexity: O(order³ / 3).
public func logDeterminant(positiveDefinite matrix: [Double], order: Int) -> Double? {
  precondition(matrix.count == order * order, "a square matrix")
  if order == 0 { return 0 }
  guard var n = Int32(exactly: order) else { return nil }
  _ = BLAS.singleThreaded
  var triangle = CChar(bitPattern: UInt8(ascii: "L"))
  var factor = matrix
  var info: Int32 = 0
  dpotrf_(&triangle, &n, &factor, &n, &info)
  guard info == 0 else { return nil }
  var sum = 0.0
  for i in 0..<order { sum += 2 * log(factor[i * order + i]) }
  return sum.isFinite ? sum : nil
}
