// Streams a tensor's elements in logical row-major order, packed and native-endian, in blocks of
// bounded size, whatever the strides in the file.
internal import CKernels
internal import Diagnostics
internal import Tensors

final class BlockReader: @unchecked Sendable {
  // Safe: whoever has one uses it alone; `ReaderPool` lends each to one thread at a time.
  /// Bytes of one block: 4 MiB.
  static let blockBytes = 4 << 20

  private let limits: GatherLimits
  private let block: UnsafeMutableRawBufferPointer
  private let widened: UnsafeMutableBufferPointer<Float>

  /// - Parameter elements: the most elements in a block, at least 1; by default as many float64 as
  ///   4 MiB hold.
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
    of tensor: StoredTensor, in file: InputFile,
    _ body: (UnsafeRawBufferPointer, UnsafeBufferPointer<Float>) throws(Problem) -> Void
  ) throws(Problem) {
    let width = tensor.type.byteWidth
    var source: any ElementStream =
      try tensor.encoding?.stream(of: tensor) ?? ElementSource(tensor, file, limits)
    var done = 0
    while done < tensor.shape.count {
      let count = min(elements, tensor.shape.count - done)
      let raw = UnsafeMutableRawBufferPointer(rebasing: block[..<(count * width)])
      try source.read(count, into: raw)
      guard let packed = raw.baseAddress, let floats = widened.baseAddress else { return }
      if tensor.location.isBigEndian { tensor.type.swapBytes(packed, count: count) }
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
  var windowBytes = BlockReader.blockBytes
}

/// The elements of one strided view in logical order, byte order as stored.
struct ElementSource: ElementStream {
  private let file: any ByteSource
  private let width: Int
  /// Byte offset of the storage in the file, and the last byte that the view may reach.
  private let storageOffset: Int
  private let storageEnd: Int
  /// Axes of more than one element, outermost first, neighbours merged where memory allows.
  private var axes: [(extent: Int, stride: Int)] = []
  /// Position along each axis, and the element in the storage that it means.
  private var position: [Int] = []
  private var element: Int
  /// A window of the storage, for views with gaps.
  private var window: [UInt8] = []
  private var windowStart = 0
  private let windowBytes: Int

  init(_ tensor: StoredTensor, _ file: any ByteSource, _ limits: GatherLimits = GatherLimits()) {
    let location = tensor.location
    self.file = file
    width = tensor.type.byteWidth
    storageOffset = location.storageOffset
    element = location.firstElement
    let strides = location.strides ?? tensor.shape.strides
    var last = location.firstElement
    for (extent, stride) in zip(tensor.shape.dimensions, strides) where extent != 1 {
      if tensor.shape.count > 0 { last += (extent - 1) * stride }
      if let outer = axes.last, outer.stride == stride * extent {
        axes[axes.count - 1] = (outer.extent * extent, stride)
      } else {
        axes.append((extent, stride))
      }
    }
    position = axes.map { _ in 0 }
    storageEnd = location.storageOffset + (last + 1) * width
    let span = (last + 1 - location.firstElement) * width
    let whole = span <= max(limits.spanBytes, 2 * tensor.shape.count * width)
    windowBytes = whole ? span : max(limits.windowBytes, width)
  }

  /// Reads the next `count` elements.
  mutating func read(_ count: Int, into buffer: UnsafeMutableRawBufferPointer) throws(Problem) {
    guard let base = buffer.baseAddress else { return }
    guard axes.count > 1 || axes.last.map({ $0.stride != 1 }) ?? false else {
      try file.read(into: buffer, at: storageOffset + element * width)
      element += count
      return
    }
    var done = 0
    while done < count {
      let inner = axes[axes.count - 1]
      let run = min(count - done, inner.extent - position[axes.count - 1])
      try copy(run, stride: inner.stride, to: base + done * width)
      done += run
      advance(by: run)
    }
  }

  /// Moves along the innermost axis, and on to the next row at its end.
  private mutating func advance(by run: Int) {
    var axis = axes.count - 1
    position[axis] += run
    element += run * axes[axis].stride
    while axis > 0, position[axis] == axes[axis].extent {
      element -= axes[axis].extent * axes[axis].stride
      position[axis] = 0
      axis -= 1
      position[axis] += 1
      element += axes[axis].stride
    }
  }

  /// Copies `count` elements that lie `stride` apart, from `element` on, through the window.
  private mutating func copy(
    _ count: Int, stride: Int, to destination: UnsafeMutableRawPointer
  ) throws(Problem) {
    var done = 0
    while done < count {
      let start = storageOffset + (element + done * stride) * width
      if start < windowStart || start + width > windowStart + window.count {
        // The window starts at the element it is wanted for: strides are never negative.
        window = try bytes(at: start, count: min(windowBytes, storageEnd - start))
        windowStart = start
      }
      let inWindow = (windowStart + window.count - start - width) / width
      let run = stride == 0 ? count - done : min(count - done, inWindow / stride + 1)
      window.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        ck_gather(base + (start - windowStart), stride, destination + done * width, run, width)
      }
      done += run
    }
  }

  private func bytes(at start: Int, count: Int) throws(Problem) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var problem: Problem?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(Problem) { try file.read(into: buffer, at: start) } catch { problem = error }
    }
    if let problem { throw problem }
    return bytes
  }
}
