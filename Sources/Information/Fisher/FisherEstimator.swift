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
  public var labels: LabelPlan
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
  /// A second τ, whose Fisher trace is read from the same gradients where these are of all classes.
  public var secondTemperature: Double?
  /// Examples in a block. Part of the result's last bits; the number of threads is not.
  public var blockExamples = 16
  /// The first examples that are measured; nil for all.
  public var exampleLimit: Int?
  /// When to stop adding examples, and whether to draw more labels for them.
  public var budget = EstimationBudget()
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
    let start = ContinuousClock.now
    let first = try pass(examples: examples, weights: weights, network: network)
    guard let draws = draws(after: first, elapsed: (ContinuousClock.now - start).inSeconds) else {
      return first
    }
    // What fewer draws would have given is thrown away: the result is that of so many draws.
    var more = self
    more.labels = .sampled(draws: draws, seed: labels.seed)
    more.budget = EstimationBudget()
    var second = try more.pass(examples: examples, weights: weights, network: network)
    if let precision = budget.precision,
      second.trace(.fisher).value?.relativeError ?? .infinity <= precision
    {
      second.stop = .precision
    }
    return second
  }

  /// Once over the examples, as far as the budget goes.
  private func pass(
    examples: Int, weights: [String: Tensor],
    network: @escaping @Sendable (Range<Int>) throws(Problem) -> any DifferentiableNetwork
  ) throws(Problem) -> FisherEstimate {
    guard examples > 0 else {
      throw Problem(
        "no-examples", at: "probe", "the batch holds no examples",
        remedy: "write batch.npz again with some")
    }
    let size = max(blockExamples, 1)
    let measured = min(exampleLimit ?? examples, examples)
    let blocks = (measured + size - 1) / size
    let estimator = self
    let groups = ExampleGroups(examples: measured)
    let produce: @Sendable (Int) throws(Problem) -> FisherBlock = { (block) throws(Problem) in
      let range = block * size..<min((block + 1) * size, measured)
      let network = try network(range)
      let labels = try ProbeLabels(
        task: estimator.task, targets: estimator.targets, examples: examples,
        output: network.outputShape)
      return try FisherBlock(
        network, range: range, groups: groups, labels: labels, estimator: estimator,
        weights: Self.values(of: network.parameters, in: weights))
    }
    let start = ContinuousClock.now
    var collector: FisherCollector?
    var stop: EstimationBudget.Stop?
    // Under a budget a few blocks at a time, so that little is computed in vain.
    let group = budget.isLimited ? max(threads, 1) : blocks
    var done = 0
    while done < blocks, stop == nil {
      let first = done
      let count = min(group, blocks - first)
      try forEachBlock(count: count, threads: threads) { (index) throws(Problem) in
        try produce(first + index)
      } combine: { (_, block) throws(Problem) in
        // A block that was measured beside the one that was enough: another machine has none.
        guard stop == nil else { return }
        if collector == nil { collector = FisherCollector(block, groups: groups) }
        try collector?.add(block)
        stop = budget.stops(
          after: collector?.totals ?? [], elapsed: (ContinuousClock.now - start).inSeconds)
      }
      done += count
    }
    guard let collector else {
      throw Problem(
        "no-examples", at: "probe", "no block was measured", remedy: "report this",
        kind: .software)
    }
    return collector.estimate(
      estimator: self,
      weighted: Self.values(of: collector.parameters, in: weights).isEmpty == false,
      of: examples,
      stop: stop == .seconds && collector.examples == measured ? .batch : stop ?? .batch)
  }

  /// How many labels to draw when all examples are used up, the precision is not reached, and more
  /// draws reach it in time; nil otherwise.
  ///
  /// Examples come first: one more of them costs about as much as one more draw for one, and takes from
  /// both parts of the error.
  private func draws(after estimate: FisherEstimate, elapsed: Double) -> Int? {
    guard let precision = budget.precision, estimate.stop == .batch,
      case .sampled(let draws, _) = labels, let error = estimate.samplingError,
      let trace = estimate.trace(.fisher).value,
      let enough = error.draws(for: precision * trace.value, from: draws),
      enough <= Self.mostDraws
    else { return nil }
    // The variance of a draw is itself an estimate.
    let wanted = min(enough + (enough + 9) / 10, Self.mostDraws)
    guard wanted > draws else { return nil }
    let cost = elapsed * Double(wanted) / Double(draws)
    return elapsed + cost <= budget.seconds ?? .infinity ? wanted : nil
  }

  /// Labels of an example that a precision may ask for.
  static let mostDraws = 256

  /// The parts of the total trace's error; nil when labels are exact or drawn once.
  func samplingError(totals: [Double], evenDraws: [Double]) -> SamplingError? {
    guard case .sampled(let draws, _) = labels else { return nil }
    return SamplingError.split(totals: totals, evenParts: evenDraws, draws: draws)
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

extension Duration {
  /// Seconds with their fraction.
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
