// Singular values of float32 matrices from the smaller Gram matrix in double.

/// The singular values of a float32 matrix, descending, `min(rows, columns)` of them.
///
/// They are the roots of the eigenvalues of the smaller Gram matrix, which is formed in double, so
/// the relative error of σ is about 1e-16 (σ_max/σ)²: below 1e-7 σ_max a value is noise, and is
/// returned as zero when its eigenvalue came out negative. A float32 Gram matrix would lose
/// everything below 3e-4 σ_max.
///
/// - Parameter matrix: `[rows, columns]`, row-major.
/// - Returns: nil when an element is not finite or LAPACK did not converge.
/// - Complexity: O(rows · columns · min) + O(min³) time, O(min²) memory.
public func singularValues(_ matrix: [Float], rows: Int, columns: Int) -> [Double]? {
  let gram = gramUpperTriangle(
    matrix, rows: rows, columns: columns, side: rows <= columns ? .rows : .columns)
  return singularValues(gram: consume gram, order: min(rows, columns))
}

/// The same from the smaller Gram matrix, of which the upper triangle is read.
public func singularValues(gram: consuming [Double], order: Int) -> [Double]? {
  symmetricEigenvalues(consume gram, order: order)?.reversed().map { $0 > 0 ? $0.squareRoot() : 0 }
}
