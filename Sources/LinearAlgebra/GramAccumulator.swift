// The Gram matrix of a matrix that arrives in pieces and is never held whole.

/// Aᵀ A of a float32 matrix, with double products and sums, from its elements in row-major order.
///
/// Memory is the result and at most 2 MiB.
public struct GramAccumulator: Sendable {
  private let columns: Int
  /// [some rows, columns], the first `filled` elements of it not yet multiplied.
  private var block: [Double]
  private var filled = 0
  private var gram: [Double]

  /// - Parameters:
  ///   - rows: how many will come.
  ///   - columns: of the matrix, and the order of the result.
  public init(rows: Int, columns: Int) {
    precondition(rows >= 0 && columns >= 0, "extents of a matrix")
    self.columns = columns
    block = [Double](
      repeating: 0, count: min(max(1, (1 << 18) / max(columns, 1)), rows) * columns)
    gram = [Double](repeating: 0, count: columns * columns)
  }

  /// Adds the elements that follow; pieces may end anywhere in a row.
  public mutating func add(_ elements: UnsafeBufferPointer<Float>) {
    var done = 0
    while done < elements.count {
      let count = min(elements.count - done, block.count - filled)
      precondition(count > 0, "more elements than the matrix has")
      let start = filled
      block.withUnsafeMutableBufferPointer { block in
        for k in 0..<count { block[start + k] = Double(elements[done + k]) }
      }
      filled += count
      done += count
      if filled == block.count { flush() }
    }
  }

  /// Aᵀ A, row-major; only its upper triangle is meaningful. Whole rows must have been added, and
  /// none may follow.
  public mutating func takeUpperTriangle() -> [Double] {
    flush()
    block = []
    var result: [Double] = []
    swap(&result, &gram)
    return result
  }

  /// gram += blockᵀ block
  private mutating func flush() {
    guard filled > 0 else { return }
    precondition(filled % columns == 0, "whole rows")
    multiplyBySelf(
      transpose: true, n: columns, k: filled / columns, block, aStride: columns, beta: 1,
      into: &gram, cStride: columns)
    filled = 0
  }
}
