// What a network's outputs alone say, by a forward pass and no more.
public import Diagnostics
public import Networks
internal import Threads

extension FisherEstimator {
  /// Loss, accuracy and confidence of a network over the probe.
  ///
  /// - Parameters:
  ///   - examples: N of the probe.
  ///   - blocks: those to measure, in order, cut as the network takes them.
  ///   - threads: to run blocks on.
  ///   - network: makes the network of a range of examples; called on several threads at once.
  /// - Throws: `bad-output`, `bad-target`, and what the network throws.
  public func performance(
    examples: Int, blocks: [Range<Int>], threads: Int,
    network: @escaping @Sendable (Range<Int>) throws(Problem) -> any DifferentiableNetwork
  ) throws(Problem) -> Performance {
    let (task, targets) = (task, targets)
    var labels: ProbeLabels?
    var measuredExamples: [Int] = []
    var losses: [Double] = []
    var accuracies: [Double] = []
    var confidences: [Double] = []
    var entropies: [Double] = []
    try forEachBlock(count: blocks.count, threads: threads) {
      (block) throws(Problem) -> (ProbeLabels, BlockOutputs) in
      let network = try network(blocks[block])
      let labels = try ProbeLabels(
        task: task, targets: targets, examples: examples, output: network.outputShape)
      let outputs = BlockOutputs(
        outputs: try network.forward(), range: blocks[block], labels: labels)
      return (labels, outputs)
    } combine: { (block, measured) throws(Problem) in
      let outputs = measured.1
      labels = measured.0
      measuredExamples += blocks[block]
      losses += outputs.losses ?? []
      accuracies += outputs.accuracies ?? []
      confidences += outputs.confidences ?? []
      entropies += outputs.entropies ?? []
    }
    guard let labels else {
      throw Problem(
        "no-examples", at: "probe", "the batch holds no examples",
        remedy: "write batch.npz again with some")
    }
    return Performance(
      labels: labels, examples: measuredExamples, losses: losses, accuracies: accuracies,
      confidences: confidences, entropies: entropies)
  }
}
