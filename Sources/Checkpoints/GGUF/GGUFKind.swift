// How GGUF stores elements (ggml/include/ggml.h, enum ggml_type): plain ones, and blocks of quantised
// ones with their scales.
internal import Diagnostics
internal import Tensors

enum GGUFKind: Sendable {
  case plain(ElementType)
  case blocks(GGUFBlock)

  /// By number; what is missing here is refused by name.
  static let all: [Int: GGUFKind] = [
    0: .plain(.float32), 1: .plain(.float16), 2: .blocks(.q40), 3: .blocks(.q41),
    6: .blocks(.q50), 7: .blocks(.q51), 8: .blocks(.q80), 10: .blocks(.q2K),
    11: .blocks(.q3K), 12: .blocks(.q4K), 13: .blocks(.q5K), 14: .blocks(.q6K),
    16: .blocks(.iq2XXS), 17: .blocks(.iq2XS), 18: .blocks(.iq3XXS), 19: .blocks(.iq1S),
    20: .blocks(.iq4NL), 21: .blocks(.iq3S), 22: .blocks(.iq2S), 23: .blocks(.iq4XS),
    24: .plain(.int8), 25: .plain(.int16), 26: .plain(.int32), 27: .plain(.int64),
    28: .plain(.float64), 29: .blocks(.iq1M), 30: .plain(.bfloat16), 34: .blocks(.tq1),
    35: .blocks(.tq2), 39: .blocks(.mxfp4), 40: .blocks(.nvfp4),
  ]

  /// Kinds that are only met while computing, and one that no specification describes yet.
  static let unread: [Int: String] = [9: "Q8_1", 15: "Q8_K", 41: "Q1_0"]

  var quantised: String? {
    if case .blocks(let block) = self { block.rawValue } else { nil }
  }

  /// Checks that all its bytes are there.
  func tensor(
    named name: String, _ shape: Shape, at start: Int, offset: Int, file: InputFile,
    isBigEndian: Bool, _ complaint: Complaint
  ) throws(Problem) -> StoredTensor {
    let type: ElementType
    let bytes: Int?
    switch self {
    case .plain(let plain):
      type = plain
      bytes = Shape(checking: shape.dimensions + [plain.byteWidth])?.count
    case .blocks(let block):
      type = .float32
      // A scalar has no rows, hence no whole block.
      guard let row = shape.dimensions.last, row % block.elements == 0 else {
        throw complaint.bad("tensor \"\(name)\" has rows that are no whole blocks")
      }
      bytes = Shape(checking: [shape.count / block.elements, block.bytes])?.count
    }
    let (begin, overflow) = start.addingReportingOverflow(offset)
    guard let bytes, !overflow else {
      throw complaint.bad("tensor \"\(name)\" has too many elements")
    }
    guard begin <= file.size, bytes <= file.size - begin else {
      throw complaint.incomplete("tensor \"\(name)\" ends beyond the end of the file")
    }
    var location = TensorLocation(
      file: 0, storageOffset: begin, storageBytes: bytes, firstElement: 0, strides: nil,
      isBigEndian: isBigEndian, record: nil)
    guard case .blocks(let block) = self else {
      return StoredTensor(name: name, shape: shape, type: type, location: location)
    }
    guard let shorts = isBigEndian ? block.shorts : [] else {
      throw complaint.unsupported(
        "tensor \"\(name)\" is of kind \(block.rawValue) in big-endian order")
    }
    // What blocks are turned into is in our own order.
    location.isBigEndian = false
    return StoredTensor(
      name: name, shape: shape, type: type, location: location,
      encoding: GGUFBlocks(block: block, swapped: shorts, file: file, offset: begin))
  }
}

private struct GGUFBlocks: TensorEncoding {
  let block: GGUFBlock
  /// Where numbers of two bytes stand the other way round in a block.
  let swapped: [Int]
  let file: InputFile
  let offset: Int

  func stream(of tensor: StoredTensor) throws(Problem) -> any ElementStream {
    Stream(
      block: block, swapped: swapped, file: file, offset: offset,
      left: tensor.shape.count / block.elements)
  }

  private struct Stream: ElementStream {
    let block: GGUFBlock
    let swapped: [Int]
    let file: InputFile
    var offset: Int
    /// Blocks not read yet.
    var left: Int
    var values: [Float] = []
    var at = 0

    mutating func read(_ count: Int, into buffer: UnsafeMutableRawBufferPointer) throws(Problem) {
      var done = 0
      while done < count {
        if at == values.count {
          let blocks = min(left, 256)
          var bytes = try file.bytes(at: offset, count: blocks * block.bytes)
          for place in swapped {
            for index in 0..<blocks {
              bytes.swapAt(index * block.bytes + place, index * block.bytes + place + 1)
            }
          }
          offset += bytes.count
          left -= blocks
          values.removeAll(keepingCapacity: true)
          for index in 0..<blocks {
            block.dequantise(bytes[(index * block.bytes)..<((index + 1) * block.bytes)], &values)
          }
          at = 0
        }
        let run = min(count - done, values.count - at)
        values.withUnsafeBytes { source in
          UnsafeMutableRawBufferPointer(rebasing: buffer[(done * 4)...]).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: source[(at * 4)..<((at + run) * 4)]))
        }
        at += run
        done += run
      }
    }
  }
}
