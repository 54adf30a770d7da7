// Fractal heaps (specification §III.G): where groups with many links and objects with many attributes
// keep them. Managed and tiny objects are read; huge ones, which links never are, are refused.
internal import Diagnostics

struct HDF5FractalHeap {
  let identifierBytes: Int
  private let file: HDF5File
  private let offsetBytes: Int
  private let lengthBytes: Int
  private let width: Int
  private let startBytes: Int
  private let directRows: Int
  private let rootRows: Int
  private let root: Int?
  private let maxDirectBytes: Int

  init(_ file: HDF5File, at address: Int) throws(Problem) {
    self.file = file
    let (o, l) = (file.addressWidth, file.lengthWidth)
    let complaint = file.complaint
    // The filters' length tells how long the header is.
    var peek = ByteCursor(try file.span.bytes(at: address, count: 9), complaint)
    try peek.expect("FRHP", "a fractal heap")
    try peek.skip(3)
    guard try peek.number(2) == 0 else { throw complaint.unsupported("a compressed heap of links") }
    let count = 5 + 2 + 2 + 1 + 4 + 12 * l + 3 * o + 4 * 2 + 4
    var fields = try file.checked(at: address, count: count, "a fractal heap's header")
    try fields.skip(5)
    identifierBytes = try fields.size(2)
    try fields.skip(2 + 1)
    let largestManaged = try fields.size(4)
    try fields.skip(l + o + l + o + 8 * l)
    width = try fields.size(2)
    startBytes = try file.length(&fields)
    maxDirectBytes = try file.length(&fields)
    let heapBits = try fields.size(2)
    try fields.skip(2)
    root = try file.address(&fields)
    rootRows = try fields.size(2)
    guard width > 0, width <= 1 << 12, startBytes > 0, startBytes & (startBytes - 1) == 0,
      maxDirectBytes >= startBytes, maxDirectBytes & (maxDirectBytes - 1) == 0,
      maxDirectBytes <= 1 << 30, heapBits <= 64, rootRows <= 64, identifierBytes <= 64
    else { throw complaint.bad("a fractal heap's sizes are not possible") }
    offsetBytes = (heapBits + 7) / 8
    lengthBytes = Self.bytes(for: min(maxDirectBytes, largestManaged))
    directRows =
      maxDirectBytes.trailingZeroBitCount - startBytes.trailingZeroBitCount + 2
  }

  private static func bytes(for limit: Int) -> Int {
    limit <= 0 ? 1 : (Int.bitWidth - 1 - limit.leadingZeroBitCount) / 8 + 1
  }

  /// The bytes of the object with this identifier.
  func object(_ identifier: ArraySlice<UInt8>) throws(Problem) -> [UInt8] {
    let complaint = file.complaint
    var fields = ByteCursor(Array(identifier), complaint)
    let flags = try fields.byte()
    switch flags >> 4 & 3 {
    case 0:
      let offset = try fields.size(offsetBytes)
      let count = try fields.size(lengthBytes)
      return try managed(offset, count)
    case 2:
      // Tiny: the object stands in the identifier itself.
      let isWide = identifierBytes > 18
      var count = Int(flags & 0x0F)
      if isWide { count = count << 8 | Int(try fields.byte()) }
      return Array(fields.bytes[try fields.take(count + 1)])
    default: throw complaint.unsupported("an object of a fractal heap that lies outside it")
    }
  }

  private func blockBytes(row: Int) -> Int { startBytes << max(row - 1, 0) }

  private func managed(_ offset: Int, _ count: Int) throws(Problem) -> [UInt8] {
    let complaint = file.complaint
    guard var block = root else { throw complaint.bad("a fractal heap is empty") }
    guard rootRows > 0 else { return try direct(block, startBytes, offset, count) }
    var rows = rootRows
    var inside = offset
    // Each step goes down one indirect block, which is smaller than the last.
    for _ in 0..<32 {
      var row = 0
      var start = 0
      while row < rows {
        let (size, overflow) = blockBytes(row: row).multipliedReportingOverflow(by: width)
        guard !overflow, size > 0 else {
          throw complaint.bad("a fractal heap's block is too large")
        }
        if inside - start < size { break }
        start += size
        row += 1
      }
      guard row < rows, row < 48 else {
        throw complaint.bad("an object lies beyond its fractal heap")
      }
      let size = blockBytes(row: row)
      let column = (inside - start) / size
      let entry = row * width + column
      let head = 5 + file.addressWidth + offsetBytes
      let bytes = head + rows * width * file.addressWidth + 4
      var fields = try file.checked(at: block, count: bytes, "a fractal heap's indirect block")
      try fields.expect("FHIB", "a fractal heap's indirect block")
      try fields.skip(head - 4 + entry * file.addressWidth)
      guard let child = try file.address(&fields) else {
        throw complaint.bad("an object lies in a block that is not there")
      }
      inside -= start + column * size
      block = child
      if row < directRows { return try direct(block, size, inside, count) }
      rows = size.trailingZeroBitCount - (startBytes * width).trailingZeroBitCount + 1
      guard rows > 0, rows <= 64 else {
        throw complaint.bad("a fractal heap's rows are not possible")
      }
    }
    throw complaint.bad("a fractal heap is too deep")
  }

  private func direct(
    _ block: Int, _ size: Int, _ offset: Int, _ count: Int
  ) throws(Problem) -> [UInt8] {
    guard try file.span.bytes(at: block, count: 4).elementsEqual("FHDB".utf8), count <= size,
      offset <= size - count
    else { throw file.complaint.bad("an object does not lie in its fractal heap's block") }
    return try file.span.bytes(at: block + offset, count: count)
  }
}
