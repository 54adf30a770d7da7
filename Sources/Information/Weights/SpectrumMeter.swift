// A tensor's spectrum from its elements as they are read, so that it need not be held.
internal import CKernels
internal import LinearAlgebra
public import Tensors

/// Takes a tensor's elements in row-major order and gives its spectrum.
public struct SpectrumMeter: Sendable {
  /// Smaller sides above it are not decomposed: the time grows with the cube of the smaller side.
  public static let maximumOrder = 4096

  private let shape: Shape
  private let maximumOrder: Int
  private let rows: Int
  private let columns: Int
  private var squares = 0.0
  private var matrix: SingularValueMeter?

  /// Nothing yet; convolution kernels `[out, in, k…]` are flattened to out × in·k.
  public init(shape: Shape, maximumOrder: Int = maximumOrder) {
    self.shape = shape
    self.maximumOrder = maximumOrder
    (rows, columns) = Self.extents(shape)
    if Self.isDecomposed(shape, maximumOrder) {
      matrix = SingularValueMeter(rows: rows, columns: columns)
    }
  }

  /// Bytes that a tensor of this shape takes while it arrives, and those that remain afterwards.
  public static func bytes(_ shape: Shape) -> (arriving: Int, kept: Int) {
    guard isDecomposed(shape, maximumOrder) else { return (0, 0) }
    let (rows, columns) = extents(shape)
    return SingularValueMeter.bytes(rows: rows, columns: columns)
  }

  /// Adds the elements that follow.
  public mutating func add(_ elements: UnsafeBufferPointer<Float>) {
    squares += ck_sum_of_squares(elements.baseAddress, elements.count)
    matrix?.add(elements)
  }

  /// The spectrum of all that was added; `arrived` is called when the elements themselves are no
  /// longer held and the long part begins.
  public mutating func spectrum(_ arrived: () -> Void = {}) -> Spectrum {
    let gram = matrix?.takeGram()
    arrived()
    return Spectrum(squares: squares, singularValues: singularValues(gram))
  }

  private func singularValues(_ gram: consuming [Double]?) -> Measured<[Double]> {
    guard shape.rank >= 2 else { return .absent("a vector has no spectrum") }
    guard shape.count > 0 else { return .absent("it has no elements") }
    guard squares.isFinite else { return .absent("a weight, or its square, is not finite") }
    guard squares > 0 else { return .absent("all weights, or their squares, are zero") }
    guard let gram = consume gram else {
      return .absent("its smaller side is \(min(rows, columns)), above \(maximumOrder)")
    }
    return LinearAlgebra.singularValues(gram: consume gram, order: min(rows, columns))
      .map { .known($0) } ?? .absent("its singular values did not converge")
  }

  private static func extents(_ shape: Shape) -> (rows: Int, columns: Int) {
    let rows = shape.dimensions.first ?? 1
    return (rows, rows > 0 ? shape.count / rows : 0)
  }

  private static func isDecomposed(_ shape: Shape, _ maximumOrder: Int) -> Bool {
    let (rows, columns) = extents(shape)
    return shape.rank >= 2 && shape.count > 0 && min(rows, columns) <= maximumOrder
  }
}
