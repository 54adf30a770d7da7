// Gram matrices of float32 matrices, accumulated in double or in single precision.
/// Which vectors of a matrix a Gram matrix multiplies with each other.
public enum GramSide: Sendable {
  /// A Aᵀ, `[rows, rows]`.
  case rows
  /// Aᵀ A, `[columns, columns]`.
  case columns
}

/// The Gram matrix of a float32 matrix, with double products and sums.
///
/// The matrix is widened a block at a time, so that the extra memory is the result and 2 MiB.
///
/// - Parameters:
///   - matrix: `[rows, columns]`, row-major.
///   - side: whose inner products.
/// - Returns: both triangles, row-major.
public func gramMatrix(_ matrix: [Float], rows: Int, columns: Int, side: GramSide) -> [Double] {
  precondition(matrix.count == rows * columns, "a matrix of \(rows) × \(columns)")
  let order = side == .rows ? rows : columns
  let depth = side == .rows ? columns : rows
  var gram = [Double](repeating: 0, count: order * order)
  guard order > 0, depth > 0 else { return gram }
  let blockDepth = max(1, min(depth, (1 << 18) / order))
  var block = [Double](repeating: 0, count: order * blockDepth)
  for start in stride(from: 0, to: depth, by: blockDepth) {
    let width = min(blockDepth, depth - start)
    matrix.withUnsafeBufferPointer { source in
      block.withUnsafeMutableBufferPointer { block in
        switch side {
        case .rows:
          // block is [order, width]
          for row in 0..<rows {
            for k in 0..<width {
              block[row * width + k] = Double(source[row * columns + start + k])
            }
          }
        case .columns:
          // block is [width, order]
          for k in 0..<(width * columns) { block[k] = Double(source[start * columns + k]) }
        }
      }
    }
    multiplyBySelf(
      transpose: side == .columns, n: order, k: width, block,
      aStride: side == .rows ? width : order, beta: 1, into: &gram, cStride: order)
  }
  mirrorUpperTriangle(&gram, order: order)
  return gram
}

/// A Aᵀ of a float32 matrix with single-precision products: relative error about 1e-6 of the
/// largest entry, half the time of `gramMatrix`. Sums longer than 4096 are carried on in double.
///
/// - Parameter matrix: `[rows, columns]`, row-major.
/// - Returns: both triangles, `[rows, rows]`.
public func singlePrecisionGram(_ matrix: [Float], rows: Int, columns: Int) -> [Double] {
  precondition(matrix.count == rows * columns, "a matrix of \(rows) × \(columns)")
  var gram = [Double](repeating: 0, count: rows * rows)
  guard rows > 0, columns > 0 else { return gram }
  var part = [Float](repeating: 0, count: rows * rows)
  for start in stride(from: 0, to: columns, by: 4096) {
    let width = min(4096, columns - start)
    matrix.withUnsafeBufferPointer { source in
      guard let base = source.baseAddress else { return }
      multiplyBySelf(
        n: rows, k: width, base + start, aStride: columns, into: &part, cStride: rows)
    }
    for i in 0..<rows {
      for j in i..<rows { gram[i * rows + j] += Double(part[i * rows + j]) }
    }
  }
  mirrorUpperTriangle(&gram, order: rows)
  return gram
}

private func mirrorUpperTriangle(_ matrix: inout [Double], order: Int) {
  matrix.withUnsafeMutableBufferPointer { matrix in
    for i in 0..<order {
      for j in (i + 1)..<max(order, i + 1) { matrix[j * order + i] = matrix[i * order + j] }
    }
  }
}
