/// The extents of a row-major array, outermost first; `[]` is a scalar with one element.
public struct Shape: Sendable, Hashable {
  /// The extents, each at least zero.
  public let dimensions: [Int]
  /// The product of the extents.
  public let count: Int

  /// Checks extents that come from a file: at most 64 of them, none negative, and a product that
  /// an `Int` can hold. Returns nil otherwise.
  public init?(checking dimensions: [Int]) {
    guard dimensions.count <= 64, dimensions.allSatisfy({ $0 >= 0 }) else { return nil }
    // A zero extent makes the product zero, but must not hide an overflow of the others: readers
    // compute strides from them.
    var product = 1
    for dimension in dimensions where dimension != 0 {
      let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      product = next
    }
    self.dimensions = dimensions
    self.count = dimensions.contains(0) ? 0 : product
  }

  /// A shape that our own code knows to be valid.
  public init(_ dimensions: [Int]) {
    guard let shape = Shape(checking: dimensions) else {
      preconditionFailure("shape \(dimensions) was not checked where it was read")
    }
    self = shape
  }

  /// The number of axes.
  public var rank: Int { dimensions.count }

  /// Row-major strides in elements.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in dimensions.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * max(dimensions[axis + 1], 1)
    }
    return strides
  }
}

extension Shape: CustomStringConvertible {
  /// `[32, 1, 5]`.
  public var description: String { "\(dimensions)" }
}
