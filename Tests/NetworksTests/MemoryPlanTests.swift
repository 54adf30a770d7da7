import TestSupport
import Testing

@testable import Networks

@Suite struct MemoryPlanTests {
  /// First fit in order of birth, by looking at all blocks that are in use.
  private func slow(_ blocks: [MemoryPlan.Block]) -> [Int] {
    var offsets = [Int](repeating: 0, count: blocks.count)
    var placed: [Int] = []
    func rounded(_ size: Int) -> Int { (size + 15) / 16 * 16 }
    for index in blocks.indices.sorted(by: { blocks[$0].birth < blocks[$1].birth }) {
      let busy = placed.filter { blocks[$0].death >= blocks[index].birth && blocks[$0].size > 0 }
        .map { offsets[$0]..<offsets[$0] + rounded(blocks[$0].size) }
        .sorted { $0.lowerBound < $1.lowerBound }
      var start = 0
      for range in busy where range.lowerBound - start < blocks[index].size {
        start = max(start, range.upperBound)
      }
      offsets[index] = blocks[index].size > 0 ? start : 0
      placed.append(index)
    }
    return offsets
  }

  @Test(arguments: 0..<50) func isFirstFit(seed: UInt64) {
    var random = Seeded(seed: seed)
    let blocks = (0..<Int.random(in: 0...200, using: &random)).map { _ in
      let birth = Int.random(in: 0...60, using: &random)
      return MemoryPlan.Block(
        size: Int.random(in: 0...200, using: &random), birth: birth,
        death: birth + Int.random(in: 0...40, using: &random))
    }
    let plan = MemoryPlan(blocks)
    #expect(plan.offsets == slow(blocks), "seed \(seed)")
    let ends = zip(plan.offsets, blocks).map { $0 + ($1.size + 15) / 16 * 16 }
    #expect(plan.total == ends.max() ?? 0)
  }
}
