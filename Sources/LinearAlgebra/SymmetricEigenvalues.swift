// Eigenvalues of symmetric matrices: LAPACK's dsyevd, values only.
internal import COpenBLAS

/// The eigenvalues of a symmetric matrix, ascending.
///
/// - Parameters:
///   - matrix: `[order, order]`, row-major; only the upper triangle is read.
///   - order: the number of rows.
/// - Returns: nil when an element is not finite, or LAPACK did not converge.
/// - Complexity: O(order³), in place when the caller gives the matrix away.
public func symmetricEigenvalues(_ matrix: consuming [Double], order: Int) -> [Double]? {
  precondition(matrix.count == order * order, "a square matrix")
  if order == 0 { return [] }
  guard var n = Int32(exactly: order), matrix.allSatisfy(\.isFinite) else { return nil }
  _ = BLAS.singleThreaded
  // LAPACK counts columns first: our upper triangle is its lower one.
  var job = CChar(bitPattern: UInt8(ascii: "N"))
  var triangle = CChar(bitPattern: UInt8(ascii: "L"))
  var a = consume matrix
  var values = [Double](repeating: 0, count: order)
  var work = [Double](repeating: 0, count: 2 * order + 1)
  var integerWork: [Int32] = [0]
  var workCount = Int32(exactly: work.count) ?? 0
  var integerWorkCount: Int32 = 1
  var info: Int32 = 0
  // Ask for the best workspace first: the least one makes the reduction unblocked.
  var best = [0.0]
  var ask: Int32 = -1
  var integerAsk: Int32 = -1
  dsyevd_(
    &job, &triangle, &n, &a, &n, &values, &best, &ask, &integerWork, &integerAsk, &info)
  if info == 0, let wanted = Int32(exactly: best[0].rounded(.up)), wanted > workCount {
    work = [Double](repeating: 0, count: Int(wanted))
    workCount = wanted
  }
  dsyevd_(
    &job, &triangle, &n, &a, &n, &values, &work, &workCount, &integerWork, &integerWorkCount,
    &info)
  return info == 0 ? values : nil
}
