// The elements of one strided view of a file, in logical row-major order.
internal import CKernels
internal import Diagnostics
internal import Tensors

/// The elements of one tensor in logical order, byte order as stored.
struct ElementSource {
  private let file: InputFile
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
  /// Whether even neighbouring elements go through the window: they are asked for a few at a time.
  private let isBuffered: Bool

  /// - Parameter buffer: bytes read ahead of short runs; nil when runs are long.
  init(
    _ location: TensorLocation, shape: Shape, type: ElementType, in file: InputFile,
    _ limits: GatherLimits, buffer: Int? = nil
  ) {
    self.file = file
    width = type.byteWidth
    storageOffset = location.storageOffset
    element = location.firstElement
    let strides = location.strides ?? shape.strides
    var last = location.firstElement
    for (extent, stride) in zip(shape.dimensions, strides) where extent != 1 {
      if shape.count > 0 { last += (extent - 1) * stride }
      if let outer = axes.last, outer.stride == stride * extent {
        axes[axes.count - 1] = (outer.extent * extent, stride)
      } else {
        axes.append((extent, stride))
      }
    }
    position = axes.map { _ in 0 }
    storageEnd = location.storageOffset + (last + 1) * width
    let span = (last + 1 - location.firstElement) * width
    let isContiguous = axes.isEmpty || axes.count == 1 && axes[0].stride == 1
    isBuffered = isContiguous && !axes.isEmpty && buffer != nil
    let whole = span <= max(limits.spanBytes, 2 * shape.count * width)
    if let buffer, isBuffered {
      windowBytes = max(min(span, buffer), width)
    } else {
      windowBytes = whole ? span : max(limits.windowBytes, width)
    }
  }

  /// Reads the next `count` elements.
  mutating func read(_ count: Int, into buffer: UnsafeMutableRawBufferPointer) throws(Problem) {
    guard let base = buffer.baseAddress else { return }
    guard isBuffered || axes.count > 1 || axes.last.map({ $0.stride != 1 }) ?? false else {
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
        window = try file.bytes(at: start, count: min(windowBytes, storageEnd - start))
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
}
