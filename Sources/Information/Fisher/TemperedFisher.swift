// The Fisher trace of a network that is as unsure of itself as at its run's reference checkpoint
// (measurements.md §2): what a falling trace is without the confidence.
public import Diagnostics
internal import Glibc
public import Networks
internal import Threads

extension FisherEstimator {
  /// The temperature τ at which the prediction softmax(z/τ) has a given mean entropy over the probe,
  /// from a forward pass.
  ///
  /// - Parameters:
  ///   - entropyBits: at the reference.
  ///   - examples: N of the probe.
  ///   - blocks: those to measure, in order, cut as the network takes them.
  ///   - network: makes the network of a range of examples; called on several threads at once.
  /// - Returns: absent when no temperature gives that entropy, and for a regression.
  public func temperature(
    entropyBits: Double, examples: Int, blocks: [Range<Int>],
    network: @escaping @Sendable (Range<Int>) throws(Problem) -> any DifferentiableNetwork
  ) throws(Problem) -> Measured<Double> {
    guard task != .regression else { return .absent("a regression has no classes") }
    let (task, targets) = (task, targets)
    var outputs: [(range: Range<Int>, values: [Float], labels: ProbeLabels)] = []
    try forEachBlock(count: blocks.count, threads: threads) {
      (block) throws(Problem) -> ([Float], ProbeLabels) in
      let network = try network(blocks[block])
      let labels = try ProbeLabels(
        task: task, targets: targets, examples: examples, output: network.outputShape)
      return (try network.forward(), labels)
    } combine: { (block, output) throws(Problem) in
      outputs.append((blocks[block], output.0, output.1))
    }
    return Tempering.temperature(entropy: entropyBits * M_LN2) { temperature in
      var sum = 0.0
      for (range, values, labels) in outputs {
        let tempered = BlockOutputs(
          outputs: Self.tempered(values, temperature), range: range, labels: labels)
        sum += (tempered.entropies ?? []).reduce(0, +)
      }
      return sum / Double(max(blocks.last?.upperBound ?? 0, 1))
    }
  }

  /// z/τ.
  static func tempered(_ outputs: [Float], _ temperature: Double) -> [Float] {
    temperature == 1 ? outputs : outputs.map { Float(Double($0) / temperature) }
  }
}
