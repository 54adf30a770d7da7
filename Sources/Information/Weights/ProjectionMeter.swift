// A tensor's random projection from its elements as they are read, so that it need not be held.
internal import CKernels

/// Takes a tensor's elements in row-major order and gives its projection.
public struct ProjectionMeter: Sendable {
  private let count: Int
  private let seed: UInt64
  private let width: Int
  private var square = 0.0
  private var arrived = 0
  private var whole: [Float] = []
  private var buckets: [Double] = []

  /// - Parameters:
  ///   - count: elements to come.
  ///   - seed: the same for all checkpoints of a run; different for its tensors.
  ///   - width: buckets, a power of two.
  public init(count: Int, seed: UInt64, width: Int = RandomProjection.standardWidth) {
    precondition(width > 0 && width & (width - 1) == 0, "a power of two")
    self.count = count
    self.seed = seed
    self.width = width
    if count > width { buckets = [Double](repeating: 0, count: width) }
  }

  /// Adds the elements that follow.
  public mutating func add(_ elements: UnsafeBufferPointer<Float>) {
    square += RandomProjection.square(of: elements)
    if buckets.isEmpty {
      whole.append(contentsOf: elements)
    } else {
      let first = UInt64(arrived)
      buckets.withUnsafeMutableBufferPointer {
        ck_count_sketch(elements.baseAddress, elements.count, first, seed, width, $0.baseAddress)
      }
    }
    arrived += elements.count
  }

  /// The projection of all that was added.
  public func projection() -> RandomProjection {
    RandomProjection(
      count: count, seed: seed, square: square,
      values: buckets.isEmpty ? whole : buckets.map { Float($0) })
  }
}
