// What the singular values of a matrix need of it, taken as its elements arrive.

/// Takes a float32 matrix's elements in row-major order and gives its smaller Gram matrix.
///
/// A matrix with no more columns than rows is never held: only Aᵀ A is. A wide one is held until
/// A Aᵀ is formed.
public struct SingularValueMeter: Sendable {
  private let rows: Int
  private let columns: Int
  private var tall: GramAccumulator?
  private var wide: [Float] = []

  /// - Parameters:
  ///   - rows: of the matrix to come.
  ///   - columns: of the matrix to come.
  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    if columns <= rows {
      tall = GramAccumulator(rows: rows, columns: columns)
    } else {
      wide.reserveCapacity(rows * columns)
    }
  }

  /// Bytes that the arriving matrix takes, and those that its Gram matrix keeps when it has come.
  public static func bytes(rows: Int, columns: Int) -> (arriving: Int, kept: Int) {
    let order = min(rows, columns)
    let kept = order * order * MemoryLayout<Double>.stride
    let held = columns <= rows ? 0 : rows * columns * MemoryLayout<Float>.stride
    return (kept + held + (2 << 20), kept)
  }

  /// Adds the elements that follow; pieces may end anywhere in a row.
  public mutating func add(_ elements: UnsafeBufferPointer<Float>) {
    if tall == nil { wide.append(contentsOf: elements) } else { tall?.add(elements) }
  }

  /// The smaller Gram matrix, `[min, min]`, of which the upper triangle is meaningful; for
  /// `singularValues(gram:order:)`. What was held of the matrix itself is freed.
  public mutating func takeGram() -> [Double] {
    if var accumulator = tall.take() { return accumulator.takeUpperTriangle() }
    var matrix: [Float] = []
    swap(&matrix, &wide)
    return gramUpperTriangle(matrix, rows: rows, columns: columns, side: .rows)
  }
}
