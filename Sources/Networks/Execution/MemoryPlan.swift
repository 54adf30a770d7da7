// Where arrays live in one arena: arrays whose lifetimes do not overlap share memory (first fit in
// order of birth).

/// Offsets for blocks with lifetimes.
struct MemoryPlan {
  /// A block that is in use from one point of a schedule to another, both included.
  struct Block {
    var size: Int
    var birth: Int
    var death: Int
  }

  let offsets: [Int]
  let total: Int

  init(_ blocks: [Block]) {
    var offsets = [Int](repeating: 0, count: blocks.count)
    var placed: [Int] = []
    var total = 0
    for index in blocks.indices.sorted(by: { blocks[$0].birth < blocks[$1].birth }) {
      let block = blocks[index]
      let busy =
        placed
        .filter { blocks[$0].death >= block.birth && blocks[$0].birth <= block.death }
        .map { (start: offsets[$0], end: offsets[$0] + MemoryPlan.rounded(blocks[$0].size)) }
        .sorted { $0.start < $1.start }
      var start = 0
      for range in busy {
        if range.start - start >= block.size { break }
        start = max(start, range.end)
      }
      offsets[index] = start
      placed.append(index)
      total = max(total, start + MemoryPlan.rounded(block.size))
    }
    self.offsets = offsets
    self.total = total
  }

  /// Whole cache lines.
  private static func rounded(_ size: Int) -> Int { (size + 15) & ~15 }
}
