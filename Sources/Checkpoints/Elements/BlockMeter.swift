// What looks at a tensor's elements while a checkpoint is surveyed.
internal import Synchronization

/// Measures one tensor from its elements, which arrive in blocks in row-major order.
public protocol BlockMeter: SendableMetatype {
  /// What it measures.
  associatedtype Result: Sendable
  /// Takes the elements that follow.
  mutating func add(_ elements: UnsafeBufferPointer<Float>)
  /// Called once, after the last element.
  mutating func result() -> Result
}

/// Measures nothing.
struct NoMeter: BlockMeter {
  func add(_: UnsafeBufferPointer<Float>) {}
  func result() {}
}

/// Readers that threads borrow: their buffers are touched once, not once per tensor.
final class ReaderPool: Sendable {
  /// A quarter of a mebibyte of float32: what one step writes the next finds in the cache.
  private static let elements = 1 << 16

  private let size: Int
  private let idle = Mutex<[BlockReader]>([])

  /// - Parameter largest: elements of the largest tensor that will be read.
  init(largest: Int) { size = min(largest, Self.elements) }

  func take() -> BlockReader {
    idle.withLock { $0.popLast() } ?? BlockReader(elements: size)
  }

  func giveBack(_ reader: BlockReader) { idle.withLock { $0.append(reader) } }
}
