// B-trees of version 1 (specification §III.A.1): groups (type 0) and chunks (type 1).
internal import Diagnostics

extension HDF5File {
  private static let mostNodes = 1_000_000

  /// The children of all leaves, each with the key that stands before it.
  func leaves(
    ofTree root: Int, type: UInt8, keyBytes: Int
  ) throws(Problem) -> [(key: ByteCursor, child: Int)] {
    var leaves: [(ByteCursor, Int)] = []
    var seen: Set<Int> = []
    // Nodes still to be read; each child is one level below its parent.
    var open: [(address: Int, level: UInt8?)] = [(root, nil)]
    while let (address, expected) = open.popLast() {
      guard seen.insert(address).inserted else { throw complaint.bad("a B-tree goes in a circle") }
      guard seen.count + open.count <= Self.mostNodes, leaves.count <= 1 << 24 else {
        throw complaint.tooLarge("a B-tree has more than \(Self.mostNodes) nodes")
      }
      let head = 8 + 2 * addressWidth
      var fields = ByteCursor(try span.bytes(at: address, count: head), complaint)
      try fields.expect("TREE", "a B-tree's node")
      guard try fields.byte() == type else { throw complaint.bad("a B-tree is of another kind") }
      let level = try fields.byte()
      guard expected == nil || level == expected else {
        throw complaint.bad("the levels of a B-tree do not go down one by one")
      }
      let count = try fields.size(2)
      var body = ByteCursor(
        try span.bytes(at: address + head, count: count * (keyBytes + addressWidth)), complaint)
      var children: [(address: Int, level: UInt8?)] = []
      for _ in 0..<count {
        let key = ByteCursor(body.bytes, complaint, range: try body.take(keyBytes))
        guard let child = try self.address(&body) else {
          throw complaint.bad("a B-tree's child is nowhere")
        }
        if level == 0 {
          leaves.append((key, child))
        } else {
          children.append((child, level - 1))
        }
      }
      // The last is read first.
      open += children.reversed()
    }
    return leaves
  }
}
