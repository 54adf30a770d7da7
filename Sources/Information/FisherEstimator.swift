// Fisher information of a network's parameters on a probe (measurements.md §1, §2): drives blocks of
// examples over threads and adds up what they give.
public import Diagnostics
public import Networks
public import Tensors
internal import Threads

/// Measures Fisher information, and what the same passes give beside it.
///
///     tr F_l = E_x E_{y ~ p(y|x)} ‖∇_{w_l} ln p(y|x)‖²
///
/// (Achille, Rovere and Soatto 2019.) The square is taken per example, never of a batch mean. Exact
/// plans sum over classes; sampled ones draw scores (see `ScoreSampling`). For a language model the
/// trace of an example is the sum over its positions: exact plans visit them one at a time, sampled
/// ones draw at every position at once and square the sum, which is unbiased because scores of
/// different positions are uncorrelated.
public struct FisherEstimator: Sendable {
  /// What the outputs mean.
  public let task: ProbeTask
  /// How labels are drawn.
  public let labels: LabelPlan
  /// How a sampled plan draws scores.
  public var sampling = ScoreSampling.signs
  /// True labels or values: `[N]` classes, `[N, T]` tokens (the label of a position is the token
  /// after it), `[N] + output` real numbers; nil when the probe has none.
  public let targets: BatchArray?
  /// Whether every parameter's diagonal of F is kept (needed for measurements.md §3).
  public var keepsDiagonal = true
  /// Whether every layer's output is kept (needed for measurements.md §5, flow).
  public var keepsRecordings = true
  /// Whether the empirical Fisher is measured; a sampled plan spends one more cotangent on it.
  public var measuresEmpirical = true
  /// Whether the Jacobian is measured; a sampled plan spends one more cotangent on it.
  public var measuresJacobian = true
  /// Whether units' activity and the Fisher information in the layers' outputs are measured
  /// (measurements.md §5).
  public var measuresActivations = true
  /// τ: the prediction is softmax(z/τ). Its gradient is that of the logits by (e − p_τ)/τ.
  public var temperature = 1.0
  /// Examples in a block. Part of the result's last bits; the number of threads is not.
  public var blockExamples = 16
  /// Threads that blocks run on.
  public var threads = 2

  /// Creates an estimator with the defaults above.
  public init(task: ProbeTask, labels: LabelPlan, targets: BatchArray?) {
    self.task = task
    self.labels = labels
    self.targets = targets
  }

  /// Leaves out all but the Fisher trace, loss and confidence: nothing is formed whose norm is enough.
  public mutating func measuresOnlyTrace() {
    keepsDiagonal = false
    keepsRecordings = false
    measuresEmpirical = false
    measuresJacobian = false
    measuresActivations = false
  }

  /// The most cotangents that an example has in one backward pass under a plan.
  public static func cotangents(_ labels: LabelPlan, classes: Int) -> Int {
    switch labels {
    case .exact: min(classes + 2, FisherBlock.rowsPerPass)
    case .sampled(let draws, _): min(draws + 2, FisherBlock.rowsPerPass)
    }
  }

  /// Measures a network.
  ///
  /// - Parameters:
  ///   - examples: N.
  ///   - weights: the parameters' values by name, for the scale-free trace; names that the network
  ///     does not have are ignored. Without all of them that trace is absent.
  ///   - network: makes the network of a range of examples; called on several threads at once.
  /// - Throws: `no-examples`, `bad-output`, `bad-target`, and what the network throws.
  public func estimate(
    examples: Int, weights: [String: Tensor] = [:],
    network: @escaping @Sendable (Range<Int>) throws(Problem) -> any DifferentiableNetwork
  ) throws(Problem) -> FisherEstimate {
    guard examples > 0 else {
      throw Problem(
        "no-examples", at: "probe", "the batch holds no examples",
        remedy: "write batch.npz again with some")
    }
    let size = max(blockExamples, 1)
    let blocks = (examples + size - 1) / size
    let estimator = self
    let produce: @Sendable (Int) throws(Problem) -> FisherBlock = { (block) throws(Problem) in
      let range = block * size..<min((block + 1) * size, examples)
      let network = try network(range)
      let labels = try ProbeLabels(
        task: estimator.task, targets: estimator.targets, examples: examples,
        output: network.outputShape)
      return try FisherBlock(
        network, range: range, labels: labels, estimator: estimator,
        weights: Self.values(of: network.parameters, in: weights))
    }
    var collector: FisherCollector?
    try forEachBlock(count: blocks, threads: threads, produce: produce) {
      (_, block) throws(Problem) in
      if collector == nil { collector = FisherCollector(block, examples: examples) }
      try collector?.add(block)
    }
    guard let collector else {
      throw Problem(
        "no-examples", at: "probe", "no block was measured", remedy: "report this",
        kind: .software)
    }
    return collector.estimate(
      estimator: self, weighted: Self.values(of: collector.parameters, in: weights).isEmpty == false
    )
  }

  /// The weights in the network's order; empty unless all are there with the right count.
  private static func values(
    of parameters: [NetworkParameter], in weights: [String: Tensor]
  ) -> [[Float]] {
    let values = parameters.compactMap { parameter in
      weights[parameter.name].flatMap { $0.shape.count == parameter.shape.count ? $0.values : nil }
    }
    return values.count == parameters.count ? values : []
  }
}
