// The elements of a whole tensor in logical row-major order, from one place, from the pieces
// that tile it, or computed.
internal import Diagnostics
internal import Tensors

enum TensorSource {
  case single(ElementSource)
  case pieces(AssemblySource)
  case encoded(any ElementStream)
  case product(ProductSource)

  init(
    _ tensor: StoredTensor, _ file: (Int) -> InputFile, _ limits: GatherLimits
  ) throws(Problem) {
    if let encoding = tensor.encoding {
      self = .encoded(try encoding.stream(of: tensor))
    } else if let product = tensor.product {
      self = .product(try ProductSource(product, file))
    } else if let assembly = tensor.assembly {
      self = .pieces(AssemblySource(assembly, type: tensor.type, file, limits))
    } else {
      self = .single(
        ElementSource(
          tensor.location, shape: tensor.shape, type: tensor.type,
          in: file(tensor.location.file), limits))
    }
  }

  /// Reads the next `count` elements, in the byte order of the file.
  mutating func read(_ count: Int, into buffer: UnsafeMutableRawBufferPointer) throws(Problem) {
    switch self {
    case .single(var source):
      defer { self = .single(source) }
      try source.read(count, into: buffer)
    case .pieces(var source):
      // Not copied on write while it is changed.
      self = .pieces(AssemblySource.none)
      defer { self = .pieces(source) }
      try source.read(count, into: buffer)
    case .encoded(var stream):
      defer { self = .encoded(stream) }
      try stream.read(count, into: buffer)
    case .product(var source):
      self = .pieces(AssemblySource.none)
      defer { self = .product(source) }
      source.read(count, into: buffer)
    }
  }
}

/// Every piece is read in its own row-major order as the whole is walked through in its own, so that
/// each keeps its place.
struct AssemblySource {
  private var sources: [ElementSource]
  private let width: Int
  /// The axes that are cut, the last of them with everything inside it flattened.
  private let extents: [Int]
  private let cuts: [[Int]]
  private var position: [Int]

  static let none = AssemblySource()

  private init() {
    (sources, width, extents, cuts, position) = ([], 1, [], [], [])
  }

  init(
    _ assembly: TensorAssembly, type: ElementType, _ file: (Int) -> InputFile,
    _ limits: GatherLimits
  ) {
    let last = assembly.cuts.lastIndex { $0.count > 1 } ?? 0
    let inner = assembly.extents[(last + 1)...].reduce(1, *)
    var extents = Array(assembly.extents[...last])
    var cuts = Array(assembly.cuts[...last])
    extents[last] *= inner
    cuts[last] = cuts[last].map { $0 * inner }
    self.extents = extents
    self.cuts = cuts
    position = extents.map { _ in 0 }
    width = type.byteWidth
    // Cuts along the first axis leave each piece whole; other cuts make many short runs.
    let buffer = last == 0 ? nil : max(BlockReader.blockBytes / assembly.pieces.count, 1 << 16)
    sources = assembly.pieces.map { piece in
      ElementSource(
        piece.location, shape: Shape(piece.extents), type: type, in: file(piece.location.file),
        limits, buffer: buffer)
    }
  }

  mutating func read(_ count: Int, into buffer: UnsafeMutableRawBufferPointer) throws(Problem) {
    let last = extents.count - 1
    var done = 0
    while done < count {
      var cell = 0
      var end = 0
      for (axis, starts) in cuts.enumerated() {
        let index = Self.cell(of: position[axis], in: starts)
        cell = cell * starts.count + index
        end = index + 1 < starts.count ? starts[index + 1] : extents[axis]
      }
      let run = min(count - done, end - position[last])
      let target = UnsafeMutableRawBufferPointer(
        rebasing: buffer[(done * width)..<((done + run) * width)])
      try sources[cell].read(run, into: target)
      done += run
      position[last] += run
      var axis = last
      while axis > 0, position[axis] == extents[axis] {
        position[axis] = 0
        axis -= 1
        position[axis] += 1
      }
    }
  }

  /// The last cut that is not beyond the position.
  private static func cell(of position: Int, in starts: [Int]) -> Int {
    var (low, high) = (0, starts.count)
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] <= position { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }
}
