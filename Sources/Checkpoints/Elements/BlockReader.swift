// Streams a tensor's elements in logical row-major order, packed and native-endian, in blocks of
// bounded size, whatever the strides in the file.
internal import CKernels
internal import Diagnostics
internal import Tensors

final class BlockReader: @unchecked Sendable {
  // Safe: whoever has one uses it alone; `ReaderPool` lends each to one thread at a time.
  /// Bytes of one block of float64: 1 MiB, of float32 half of it. What is hashed, checked and summed one
  /// after the other stays in a core's second-level cache.
  static let blockBytes = 1 << 20

  private let limits: GatherLimits
  private let block: UnsafeMutableRawBufferPointer
  private let widened: UnsafeMutableBufferPointer<Float>

  /// - Parameter elements: the most elements in a block, at least 1; by default as many float64 as
  ///   `blockBytes` hold.
  init(elements: Int = blockBytes / 8, limits: GatherLimits = GatherLimits()) {
    self.limits = limits
    let elements = min(max(elements, 1), Self.blockBytes / 8)
    block = .allocate(byteCount: elements * 8, alignment: 64)
    widened = .allocate(capacity: elements)
  }

  deinit {
    block.deallocate()
    widened.deallocate()
  }

  private var elements: Int { widened.count }

  /// Calls `body` with (packed native-endian bytes, the same as float32) of each block in turn.
  func forEachBlock(
    of tensor: StoredTensor, in file: (Int) -> InputFile,
    _ body: (UnsafeRawBufferPointer, UnsafeBufferPointer<Float>) throws(Problem) -> Void
  ) throws(Problem) {
    let width = tensor.type.byteWidth
    var source = try TensorSource(tensor, file, limits)
    var done = 0
    while done < tensor.shape.count {
      let count = min(elements, tensor.shape.count - done)
      let raw = UnsafeMutableRawBufferPointer(rebasing: block[..<(count * width)])
      try source.read(count, into: raw)
      guard let packed = raw.baseAddress, let floats = widened.baseAddress else { return }
      if tensor.location.isBigEndian, !tensor.isComputed {
        tensor.type.swapBytes(packed, count: count)
      }
      if tensor.type == .float32 {
        let values = UnsafeBufferPointer(
          start: packed.assumingMemoryBound(to: Float.self), count: count)
        try body(UnsafeRawBufferPointer(raw), values)
      } else {
        tensor.type.widen(packed, to: floats, count: count)
        try body(UnsafeRawBufferPointer(raw), UnsafeBufferPointer(start: floats, count: count))
      }
      done += count
    }
  }
}

/// How much of a storage with gaps is held in memory.
struct GatherLimits {
  /// A storage up to this size, or up to twice its tensor's, is loaded at once.
  var spanBytes = 64 << 20
  /// Beyond that, this much is read at a time.
  var windowBytes = 4 << 20
}
