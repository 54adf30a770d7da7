/// A float32 array in memory, row-major, with its shape.
public struct Tensor: Sendable {
  /// The extents.
  public let shape: Shape
  /// `shape.count` values.
  public let values: [Float]

  /// Wraps values; `values.count` must equal `shape.count`.
  public init(shape: Shape, values: [Float]) {
    precondition(values.count == shape.count, "\(values.count) values for shape \(shape)")
    self.shape = shape
    self.values = values
  }
}

/// An integer array in memory, row-major: indices, labels, shapes.
public struct IntegerTensor: Sendable {
  /// The extents.
  public let shape: Shape
  /// `shape.count` values.
  public let values: [Int64]

  /// Wraps values; `values.count` must equal `shape.count`.
  public init(shape: Shape, values: [Int64]) {
    precondition(values.count == shape.count, "\(values.count) values for shape \(shape)")
    self.shape = shape
    self.values = values
  }
}

/// A named array of a probe's batch: real inputs, or indices and labels.
public enum BatchArray: Sendable {
  case real(Tensor)
  case integer(IntegerTensor)

  /// The extents.
  public var shape: Shape {
    switch self {
    case .real(let tensor): tensor.shape
    case .integer(let tensor): tensor.shape
    }
  }
}
