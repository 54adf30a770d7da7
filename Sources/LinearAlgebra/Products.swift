// Dense matrix products on row-major memory, thin over CBLAS level 3 (netlib, Dongarra et al. 1990).
// Raw pointers, so that callers multiply slices of larger buffers without copies.
internal import COpenBLAS

/// The thread policy of the linear-algebra library.
public enum BLAS {
  /// Makes every call run on the thread that makes it. Parallelism is over examples and layers, so
  /// threads inside a product would only fight for the same cores. Evaluated once.
  public static let singleThreaded: Void = openblas_set_num_threads(1)
}

/// C ← alpha · op(A) · op(B) + beta · C, single precision.
///
/// - Parameters:
///   - transposeA: op(A) is Aᵀ: `a` is stored `[k, m]` instead of `[m, k]`.
///   - transposeB: op(B) is Bᵀ: `b` is stored `[n, k]` instead of `[k, n]`.
///   - m: rows of C; `n` its columns; `k` the summed extent. Each fits 32 bits.
///   - aStride: elements from one stored row of A to the next; likewise `bStride`, `cStride`.
public func multiply(
  transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int,
  alpha: Float = 1, _ a: UnsafePointer<Float>, aStride: Int,
  _ b: UnsafePointer<Float>, bStride: Int,
  beta: Float = 0, into c: UnsafeMutablePointer<Float>, cStride: Int
) {
  guard m > 0, n > 0 else { return }
  _ = BLAS.singleThreaded
  cblas_sgemm(
    CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
    blasint(m), blasint(n), blasint(k), alpha, a, blasint(max(aStride, 1)),
    b, blasint(max(bStride, 1)), beta, c, blasint(max(cStride, 1)))
}

/// C ← alpha · op(A) · op(B) + beta · C, double precision; as the single-precision one.
public func multiply(
  transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int,
  alpha: Double = 1, _ a: UnsafePointer<Double>, aStride: Int,
  _ b: UnsafePointer<Double>, bStride: Int,
  beta: Double = 0, into c: UnsafeMutablePointer<Double>, cStride: Int
) {
  guard m > 0, n > 0 else { return }
  _ = BLAS.singleThreaded
  cblas_dgemm(
    CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
    blasint(m), blasint(n), blasint(k), alpha, a, blasint(max(aStride, 1)),
    b, blasint(max(bStride, 1)), beta, c, blasint(max(cStride, 1)))
}

/// Upper triangle of C ← alpha · A Aᵀ + beta · C (or AᵀA), single precision; C is `[n, n]`.
///
/// - Parameters:
///   - transpose: forms AᵀA with `a` stored `[k, n]`; otherwise A Aᵀ with `a` stored `[n, k]`.
///   - n: the order of C; `k` the summed extent. Each fits 32 bits.
///   - aStride: elements from one stored row of A to the next; likewise `cStride`.
public func multiplyBySelf(
  transpose: Bool = false, n: Int, k: Int, alpha: Float = 1, _ a: UnsafePointer<Float>,
  aStride: Int, beta: Float = 0, into c: UnsafeMutablePointer<Float>, cStride: Int
) {
  guard n > 0 else { return }
  _ = BLAS.singleThreaded
  cblas_ssyrk(
    CblasRowMajor, CblasUpper, transpose ? CblasTrans : CblasNoTrans, blasint(n), blasint(k),
    alpha, a, blasint(max(aStride, 1)), beta, c, blasint(max(cStride, 1)))
}

/// Upper triangle of C ← alpha · A Aᵀ + beta · C (or AᵀA), double precision; as the single one.
public func multiplyBySelf(
  transpose: Bool = false, n: Int, k: Int, alpha: Double = 1, _ a: UnsafePointer<Double>,
  aStride: Int, beta: Double = 0, into c: UnsafeMutablePointer<Double>, cStride: Int
) {
  guard n > 0 else { return }
  _ = BLAS.singleThreaded
  cblas_dsyrk(
    CblasRowMajor, CblasUpper, transpose ? CblasTrans : CblasNoTrans, blasint(n), blasint(k),
    alpha, a, blasint(max(aStride, 1)), beta, c, blasint(max(cStride, 1)))
}
