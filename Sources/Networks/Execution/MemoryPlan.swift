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
    var free = FreeRanges()
    var total = 0
    let deaths = blocks.map { max($0.birth, $0.death) }
    let byDeath = blocks.indices.sorted { deaths[$0] < deaths[$1] }
    var ended = 0
    for index in blocks.indices.sorted(by: { blocks[$0].birth < blocks[$1].birth }) {
      let block = blocks[index]
      while ended < byDeath.count, deaths[byDeath[ended]] < block.birth {
        let gone = byDeath[ended]
        free.giveBack(offsets[gone], size: Self.rounded(blocks[gone].size))
        ended += 1
      }
      offsets[index] = free.take(Self.rounded(block.size))
      total = max(total, offsets[index] + Self.rounded(block.size))
    }
    self.offsets = offsets
    self.total = total
  }

  /// Whole cache lines.
  private static func rounded(_ size: Int) -> Int { (size + 15) & ~15 }
}

/// What of an endless arena is not in use: as many ranges as there are gaps, however many blocks.
private struct FreeRanges {
  /// Ascending, no two of them adjacent; the last has no end.
  private var ranges: [Range<Int>] = [0..<Int.max]

  /// Takes the first range that is large enough; returns where it begins.
  mutating func take(_ size: Int) -> Int {
    guard size > 0, let index = ranges.firstIndex(where: { $0.count >= size }) else { return 0 }
    let range = ranges[index]
    if range.count == size {
      ranges.remove(at: index)
    } else {
      ranges[index] = (range.lowerBound + size)..<range.upperBound
    }
    return range.lowerBound
  }

  /// Gives back what was taken.
  mutating func giveBack(_ start: Int, size: Int) {
    guard size > 0 else { return }
    // The first range behind it; the last one is.
    var (low, high) = (0, ranges.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].lowerBound < start { low = middle + 1 } else { high = middle }
    }
    var freed = start..<(start + size)
    if ranges[low].lowerBound == freed.upperBound {
      freed = start..<ranges[low].upperBound
      ranges.remove(at: low)
    }
    if low > 0, ranges[low - 1].upperBound == start {
      ranges[low - 1] = ranges[low - 1].lowerBound..<freed.upperBound
    } else {
      ranges.insert(freed, at: low)
    }
  }
}
