// Extensible arrays (specification §VII.D): where the chunks of a dataset with one unlimited axis are.
// The first elements stand in the index block, the next in data blocks that double in size, and the
// rest in data blocks that secondary blocks list.
internal import Diagnostics

/// The sizes that follow from an extensible array's header.
private struct ExtensibleArrayShape {
  let elementBytes: Int
  let indexElements: Int
  let smallest: Int
  let pointers: Int
  let pageElements: Int
  let offsetBytes: Int
  let secondary: Int
  let header: Int
}

extension HDF5File {
  /// - Parameter end: the number from which on no chunk lies in the dataset.
  func extensibleArray(
    _ address: Int, _ end: Int, _ record: HDF5ChunkRecord, _ add: AddChunk
  ) throws(Problem) {
    var head = try checked(
      at: address, count: 12 + 6 * lengthWidth + addressWidth + 4, "an extensible array's header")
    try head.expect("EAHD", "an extensible array")
    try head.skip(1)
    guard (try head.byte() == 1) == (record.sizeBytes != nil) else {
      throw complaint.bad("an array of another kind")
    }
    let elementBytes = Int(try head.byte())
    let bits = Int(try head.byte())
    let indexElements = Int(try head.byte())
    let smallest = Int(try head.byte())
    let pointers = Int(try head.byte())
    let pageBits = Int(try head.byte())
    try head.skip(6 * lengthWidth)
    guard let block = try self.address(&head) else { return }
    guard elementBytes == addressWidth + record.extraBytes, bits <= 64, pageBits < 32, smallest > 0,
      smallest & (smallest - 1) == 0, pointers > 0, pointers & (pointers - 1) == 0
    else { throw complaint.bad("an extensible array's sizes are not possible") }
    let shape = ExtensibleArrayShape(
      elementBytes: elementBytes, indexElements: indexElements, smallest: smallest,
      pointers: pointers, pageElements: 1 << pageBits, offsetBytes: (bits + 7) / 8,
      secondary: 1 + max(bits - smallest.trailingZeroBitCount, 0), header: address)
    try indexBlock(block, shape, end, record, add)
  }

  private func indexBlock(
    _ block: Int, _ shape: ExtensibleArrayShape, _ end: Int, _ record: HDF5ChunkRecord,
    _ add: AddChunk
  ) throws(Problem) {
    // Secondary blocks 0 ..< direct have their data blocks listed here.
    let direct = min(2 * shape.pointers.trailingZeroBitCount, shape.secondary)
    let dataBlocks = 2 * (shape.pointers - 1)
    let listed = shape.secondary - direct
    let count =
      6 + addressWidth + shape.indexElements * shape.elementBytes
      + (dataBlocks + listed) * addressWidth + 4
    var fields = try checked(at: block, count: count, "an extensible array's index block")
    try fields.expect("EAIB", "an extensible array's index block")
    try fields.skip(2 + addressWidth)
    var place = 0
    while place < shape.indexElements {
      if let chunk = try record.read(&fields, in: self) { try add(place, chunk) }
      place += 1
    }
    for level in 0..<direct {
      let elements = shape.smallest << ((level + 1) / 2)
      for _ in 0..<(1 << (level / 2)) {
        if let data = try self.address(&fields), place < end {
          try dataBlock(data, elements, nil, place, shape, end, record, add)
        }
        place += elements
      }
    }
    for level in direct..<max(shape.secondary, direct) {
      guard place < end, level < 48 else { return }
      let blocks = 1 << (level / 2)
      let elements = shape.smallest << ((level + 1) / 2)
      let secondary = try self.address(&fields)
      if let secondary {
        try secondaryBlock(
          secondary, blocks, elements, place, shape, end, record, add)
      }
      place += blocks * elements
    }
  }

  private func secondaryBlock(
    _ address: Int, _ blocks: Int, _ elements: Int, _ first: Int, _ shape: ExtensibleArrayShape,
    _ end: Int, _ record: HDF5ChunkRecord, _ add: AddChunk
  ) throws(Problem) {
    let pages = elements > shape.pageElements ? elements / shape.pageElements : 0
    let bitmapBytes = (pages + 7) / 8
    let (bitmaps, overflow) = bitmapBytes.multipliedReportingOverflow(by: blocks)
    guard !overflow, blocks <= 1 << 24, bitmaps <= 1 << 30 else {
      throw complaint.tooLarge("an extensible array has too many blocks")
    }
    let count = 6 + addressWidth + shape.offsetBytes + bitmaps + blocks * addressWidth + 4
    var fields = try checked(at: address, count: count, "an extensible array's secondary block")
    try fields.expect("EASB", "an extensible array's secondary block")
    try fields.skip(2 + addressWidth + shape.offsetBytes)
    let bitmap = Array(fields.bytes[try fields.take(bitmaps)])
    for block in 0..<blocks {
      let place = first + block * elements
      guard place < end else { return }
      guard let data = try self.address(&fields) else { continue }
      let own = bitmap[(block * bitmapBytes)..<((block + 1) * bitmapBytes)]
      try dataBlock(
        data, elements, pages > 0 ? own : nil, place, shape, end, record, add)
    }
  }

  /// - Parameter bitmap: which pages were written, when the block has pages.
  private func dataBlock(
    _ address: Int, _ elements: Int, _ bitmap: ArraySlice<UInt8>?, _ first: Int,
    _ shape: ExtensibleArrayShape, _ end: Int, _ record: HDF5ChunkRecord, _ add: AddChunk
  ) throws(Problem) {
    let prefix = 6 + addressWidth + shape.offsetBytes
    guard elements > shape.pageElements else {
      var fields = try checked(
        at: address, count: prefix + elements * shape.elementBytes + 4,
        "an extensible array's block")
      try fields.expect("EADB", "an extensible array's block")
      try fields.skip(prefix - 4)
      for index in 0..<elements {
        if let chunk = try record.read(&fields, in: self) { try add(first + index, chunk) }
      }
      return
    }
    let pageBytes = shape.pageElements * shape.elementBytes + 4
    for page in 0..<(elements / shape.pageElements) {
      let place = first + page * shape.pageElements
      guard place < end else { return }
      if let bitmap, bitmap[bitmap.startIndex + page / 8] & (0x80 >> UInt8(page % 8)) == 0 {
        continue
      }
      let start = address + prefix + 4 + page * pageBytes
      var fields = try checked(at: start, count: pageBytes, "an extensible array's page")
      for index in 0..<shape.pageElements {
        if let chunk = try record.read(&fields, in: self) { try add(place + index, chunk) }
      }
    }
  }
}
