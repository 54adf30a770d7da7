// B-trees of version 2 (specification §III.A.2): names of links and attributes, and chunks.
internal import Diagnostics

extension HDF5File {
  private static let mostRecords = 1 << 24

  /// All records in their order.
  func treeRecords(at address: Int, type: UInt8) throws(Problem) -> [ByteCursor] {
    let headBytes = 4 + 2 + 4 + 2 + 2 + 2 + addressWidth + 2 + lengthWidth + 4
    var head = try checked(at: address, count: headBytes, "a B-tree's header")
    try head.expect("BTHD", "a B-tree")
    guard try head.byte() == 0, try head.byte() == type else {
      throw complaint.bad("a B-tree is of another kind")
    }
    let nodeBytes = try head.size(4)
    let recordBytes = try head.size(2)
    let depth = try head.size(2)
    try head.skip(2)
    guard let root = try self.address(&head) else { return [] }
    let rootRecords = try head.size(2)
    let total = try length(&head)
    guard total <= Self.mostRecords, depth <= 16, recordBytes > 0, nodeBytes > 10 + recordBytes,
      nodeBytes <= 1 << 26
    else { throw complaint.bad("a B-tree's sizes are not possible") }
    let sizes = HDF5TreeSizes(
      depth: depth, nodeBytes: nodeBytes, recordBytes: recordBytes, addressWidth: addressWidth)
    var records: [ByteCursor] = []
    var seen: Set<Int> = []
    try walk(root, rootRecords, depth, type, sizes, &records, &seen)
    guard records.count == total else {
      throw complaint.bad("a B-tree has \(records.count) records, and says \(total)")
    }
    return records
  }

  private func walk(
    _ address: Int, _ count: Int, _ level: Int, _ type: UInt8, _ sizes: HDF5TreeSizes,
    _ records: inout [ByteCursor], _ seen: inout Set<Int>
  ) throws(Problem) {
    guard seen.insert(address).inserted, records.count + count <= Self.mostRecords else {
      throw complaint.bad("a B-tree goes in a circle")
    }
    let pointerBytes = level == 0 ? 0 : sizes.pointerBytes(level)
    let bytes = 6 + count * sizes.recordBytes + (level == 0 ? 0 : (count + 1) * pointerBytes) + 4
    guard bytes <= sizes.nodeBytes else { throw complaint.bad("a B-tree's node is too full") }
    var fields = try checked(at: address, count: bytes, "a B-tree's node")
    try fields.expect(level == 0 ? "BTLF" : "BTIN", "a B-tree's node")
    guard try fields.byte() == 0, try fields.byte() == type else {
      throw complaint.bad("a B-tree's node is of another kind")
    }
    var own: [ByteCursor] = []
    for _ in 0..<count {
      own.append(ByteCursor(fields.bytes, complaint, range: try fields.take(sizes.recordBytes)))
    }
    guard level > 0 else {
      records += own
      return
    }
    for index in 0...count {
      guard let child = try self.address(&fields) else {
        throw complaint.bad("a B-tree's child is nowhere")
      }
      let childRecords = try fields.size(sizes.countBytes)
      try fields.skip(sizes.totalBytes(level))
      try walk(child, childRecords, level - 1, type, sizes, &records, &seen)
      if index < count { records.append(own[index]) }
    }
  }
}

/// How many bytes the counts in a B-tree's nodes take, which follows from how many records fit.
struct HDF5TreeSizes {
  let nodeBytes: Int
  let recordBytes: Int
  /// Bytes of the number of records of one child.
  let countBytes: Int
  private let addressWidth: Int
  /// Bytes of the number of records at and below a child, by the child's level.
  private var cumulativeBytes: [Int] = [0]

  init(depth: Int, nodeBytes: Int, recordBytes: Int, addressWidth: Int) {
    self.nodeBytes = nodeBytes
    self.recordBytes = recordBytes
    self.addressWidth = addressWidth
    let leaf = (nodeBytes - 10) / recordBytes
    countBytes = Self.bytes(for: leaf)
    var cumulative = leaf
    var level = 1
    while level <= depth {
      let pointer = addressWidth + countBytes + cumulativeBytes[level - 1]
      let most = max((nodeBytes - 10 - pointer) / (recordBytes + pointer), 0)
      // A tree that large does not fit into a file; its counts take 8 bytes.
      let (product, overflow) = (most + 1).multipliedReportingOverflow(by: cumulative)
      let (sum, tooMany) = product.addingReportingOverflow(most)
      cumulative = overflow || tooMany ? Int.max : sum
      cumulativeBytes.append(Self.bytes(for: cumulative))
      level += 1
    }
  }

  /// Bytes of the total of a child of a node at this level; leaves need none.
  func totalBytes(_ level: Int) -> Int { cumulativeBytes[level - 1] }

  func pointerBytes(_ level: Int) -> Int { addressWidth + countBytes + totalBytes(level) }

  private static func bytes(for limit: Int) -> Int {
    limit <= 0 ? 1 : (Int.bitWidth - 1 - limit.leadingZeroBitCount) / 8 + 1
  }
}
