// How many examples go through a network at once: as many as the memory takes, and no fewer blocks
// than there are threads. Large blocks make large products, which is what a dense layer needs; that a
// convolution's arrays leave the cache costs it less.

/// A choice of block size.
public enum BlockSize: Sendable, Hashable {
  /// So many examples, or all if there are fewer.
  case atMost(Int)
  /// At least `blocks` blocks, of which each uses at most `bytes` with so many cotangents an example.
  case fitting(bytes: Int, cotangents: Int, blocks: Int)

  /// Examples of a block, at least 1.
  ///
  /// - Parameter footprint: of a few of the examples.
  func examples(of count: Int, _ footprint: Footprint) -> Int {
    switch self {
    case .atMost(let size): return max(1, min(size, count))
    case .fitting(let bytes, let cotangents, let blocks):
      let each = max(1, footprint.bytesPerExample(cotangents: cotangents))
      let parts = max(1, min(blocks, count))
      let fitting = max(1, bytes / each)
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

  init(_ network: Network) {
    examples = network.exampleCount
    activations = network.activationCount
    deltas = network.schedule.total
  }

  /// Bytes of one example's activations, and of its part of a backward pass.
  func bytesPerExample(cotangents: Int) -> Int {
    (activations + deltas * cotangents) * MemoryLayout<Float>.stride / examples
  }
}
