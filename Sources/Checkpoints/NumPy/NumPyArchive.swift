public import Diagnostics
public import Tensors

/// Arrays by name from a NumPy file: the batch of a probe (`numpy.savez`), or a single array
/// (`numpy.save`).
public enum NumPyArchive {
  /// The most bytes of elements that are read from one archive: 8 GiB.
  private static let mostBytes = 8 << 30

  /// Reads all arrays into memory. Real arrays become float32 tensors, integers
  /// and booleans become integer tensors; column-major arrays are turned row-major. An array of
  /// `.npy` is called by the file's own name.
  ///
  /// Errors: `bad-npy`, `unsupported-npy`, `incomplete-npy` (try again), `expansion`, and those of
  /// opening a file and of zip archives.
  public static func open(_ path: String) throws(Problem) -> [String: BatchArray] {
    let file = try InputFile.open(path)
    let head = try file.bytes(at: 0, count: min(file.size, NumPyHeader.longest))
    guard head.starts(with: [0x50, 0x4B]) else {
      let header = try NumPyHeader.parse(head, place: path)
      let last = path.split(separator: "/").last.map(String.init) ?? path
      let name = last.hasSuffix(".npy") ? String(last.dropLast(4)) : last
      return [name: try array(header, in: file, dataOffset: 0, bytes: file.size, place: path)]
    }
    var arrays: [String: BatchArray] = [:]
    var total = 0
    for record in try ZipArchive.open(file).records {
      guard record.name.hasSuffix(".npy") else {
        throw Problem(
          "bad-npy", at: "\(path): record \(record.name)", "it is not a NumPy array",
          remedy: "write the archive with numpy.savez")
      }
      let place = "\(path): record \(record.name)"
      total += min(record.bytes, mostBytes)
      guard record.bytes <= mostBytes, total <= mostBytes else {
        throw Problem(
          "too-large", at: place, "its arrays have more than 8 GiB", remedy: "use a smaller batch")
      }
      arrays[String(record.name.dropLast(4))] = try array(record, in: file, place: place)
    }
    return arrays
  }

  private static func array(
    _ record: ZipArchive.Record, in file: InputFile, place: String
  ) throws(Problem) -> BatchArray {
    let headBytes = min(record.bytes, NumPyHeader.longest)
    guard record.isDeflated else {
      let head = try file.bytes(at: record.dataOffset, count: headBytes)
      let header = try NumPyHeader.parse(head, place: place)
      return try array(
        header, in: file, dataOffset: record.dataOffset, bytes: record.bytes, place: place)
    }
    let stored = try file.bytes(at: record.dataOffset, count: record.storedBytes)
    let head = try Deflate.inflate(stored, bytes: headBytes, isPrefix: true, place: place)
    let header = try NumPyHeader.parse(head, place: place)
    // The output is as large as the array's own header says, whatever the archive claims.
    let bytes = try size(of: header, available: record.bytes, place)
    let inflated = try Deflate.inflate(stored, bytes: header.byteCount + bytes, place: place)
    return convert(header, Array(inflated[header.byteCount...]))
  }

  private static func array(
    _ header: NumPyHeader, in file: InputFile, dataOffset: Int, bytes: Int, place: String
  ) throws(Problem) -> BatchArray {
    let count = try size(of: header, available: bytes, place)
    return convert(header, try file.bytes(at: dataOffset + header.byteCount, count: count))
  }

  /// Bytes of the elements, which must be exactly what follows the header.
  private static func size(
    of header: NumPyHeader, available: Int, _ place: String
  ) throws(Problem) -> Int {
    let (bytes, overflow) = header.shape.count.multipliedReportingOverflow(
      by: header.type.byteWidth)
    guard !overflow, bytes <= mostBytes else {
      throw Problem(
        "too-large", at: place, "its shape \(header.shape) has more than 8 GiB",
        remedy: "use a smaller batch")
    }
    let there = available - header.byteCount
    guard bytes <= there else {
      throw Problem(
        "incomplete-npy", at: place, "its elements need \(bytes) bytes, and \(there) are there",
        remedy: "wait until its writer has finished, or copy it again", kind: .tryAgain)
    }
    guard bytes == there else {
      throw Problem(
        "bad-npy", at: place, "\(there - bytes) bytes follow its elements",
        remedy: "write it again with numpy.save or numpy.savez")
    }
    return bytes
  }

  /// Packed elements as they stand in the file, to row-major values.
  private static func convert(_ header: NumPyHeader, _ elements: [UInt8]) -> BatchArray {
    var elements = elements
    let (type, shape) = (header.type, header.shape)
    if header.isBigEndian {
      elements.withUnsafeMutableBytes { bytes in
        if let base = bytes.baseAddress { type.swapBytes(base, count: shape.count) }
      }
    }
    if type.isFloatingPoint {
      let values = [Float](unsafeUninitializedCapacity: shape.count) { buffer, count in
        elements.withUnsafeBytes { bytes in
          guard let from = bytes.baseAddress, let to = buffer.baseAddress else { return }
          type.widen(from, to: to, count: shape.count)
          count = shape.count
        }
      }
      return .real(Tensor(shape: shape, values: rowMajor(values, header)))
    }
    let width = type.byteWidth
    let values = (0..<shape.count).map { index in
      let bits = elements.littleEndian(at: index * width, width: width) ?? 0
      return type.integer(bits)
    }
    return .integer(IntegerTensor(shape: shape, values: rowMajor(values, header)))
  }

  /// Turns column-major (Fortran) values round.
  private static func rowMajor<Value>(_ values: [Value], _ header: NumPyHeader) -> [Value] {
    guard header.isColumnMajor, header.shape.rank > 1, let first = values.first else {
      return values
    }
    var walk = StridedWalk(extents: header.shape.dimensions, strides: header.strides)
    var turned = [Value](repeating: first, count: values.count)
    for index in turned.indices {
      turned[index] = values[walk.place]
      walk.advance()
    }
    return turned
  }
}

extension ElementType {
  /// An integer from its bits; uint64 beyond 2^63 − 1 wraps, which no index or label reaches.
  fileprivate func integer(_ bits: UInt64) -> Int64 {
    switch self {
    case .int32: Int64(Int32(truncatingIfNeeded: bits))
    case .int16: Int64(Int16(truncatingIfNeeded: bits))
    case .int8: Int64(Int8(truncatingIfNeeded: bits))
    case .bool: bits == 0 ? 0 : 1
    default: Int64(bitPattern: bits)
    }
  }
}
