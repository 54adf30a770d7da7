// How many examples go through a network at once: so few that their arrays stay in the cache, but as
// many as large weights need to be worth reading, no more than the memory takes, and no fewer blocks
// than there are threads.

/// A choice of block size.
public enum BlockSize: Sendable, Hashable {
  /// So many examples, or all if there are fewer.
  case atMost(Int)
  /// At least `blocks` blocks, of which each uses at most `bytes` with so many cotangents an example.
  case fitting(bytes: Int, cotangents: Int, blocks: Int)

  /// What a core may fill without falling back on memory, about.
  private static let cacheBytes = 4 << 20

  /// Of a forward pass alone.
  static let forward = BlockSize.fitting(bytes: 16 << 20, cotangents: 0, blocks: 2)

  /// Examples of a block, at least 1.
  ///
  /// - Parameter footprint: of a few of the examples.
  func examples(of count: Int, _ footprint: Footprint) -> Int {
    switch self {
    case .atMost(let size): return max(1, min(size, count))
    case .fitting(let bytes, let cotangents, let blocks):
      let each = max(1, footprint.bytesPerExample(cotangents: cotangents))
      let parts = max(1, min(blocks, count))
      let cached =
        cotangents == 0 ? count : max(footprint.leastExamples, Self.cacheBytes / each)
      let fitting = max(1, min(bytes / each, cached))
      let needed = (count + fitting - 1) / fitting
      // A multiple of the least number, so that no thread waits for the others at the end.
      let rounded = (max(needed, parts) + parts - 1) / parts * parts
      return (count + rounded - 1) / rounded
    }
  }
}

/// What the arrays of a network take.
struct Footprint {
  private let examples: Int
  private let activations: Int
  private let deltas: Int
  /// Examples without which a product with some large weight reads the weight for too few rows.
  let leastExamples: Int

  private static let leastRows = 160
  private static let largeWeight = 1 << 16

  init(_ network: Network) {
    let factors = network.program.groups.flatMap(\.uses).compactMap {
      GradientPlan.factors($0, network.program)
    }
    leastExamples =
      factors.filter { !$0.picksRows && $0.first * $0.second >= Self.largeWeight }
      .map { (Self.leastRows + $0.places - 1) / max(1, $0.places) }.max() ?? 1
    examples = network.exampleCount
    activations = network.activationCount
    deltas = network.schedule.total
  }

  /// Bytes of one example's activations, and of its part of a backward pass.
  func bytesPerExample(cotangents: Int) -> Int {
    (activations + deltas * cotangents) * MemoryLayout<Float>.stride / examples
  }
}
