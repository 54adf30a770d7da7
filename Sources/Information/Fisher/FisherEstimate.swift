// Fisher information of a network on a probe, per parameter and example (measurements.md §1, §2).
public import Networks
public import Tensors

/// What a `FisherEstimator` measured at one checkpoint.
public struct FisherEstimate: Sendable {
  /// One parameter's measurements; everything per example is `[N]`.
  public struct Parameter: Sendable {
    /// The graph's name for it.
    public let name: String
    /// Its extents.
    public let shape: Shape
    /// Index into `layers`.
    public let layer: Int
    /// E_y ‖∇_w ln p(y|x)‖² of each example; of a sequence, summed over its positions.
    public let fisher: [Double]
    /// ‖∇_w ln p(true label|x)‖² of each example; of a sequence, the squared norm of its summed
    /// gradient (Kunstner et al. 2019: not the Fisher). Nil without targets.
    public let empirical: [Double]?
    /// ‖∂z/∂w‖²/C of each example, z the logits (or outputs); of a sequence, summed over positions.
    public let jacobian: [Double]?
    /// Σ_i w_i² E_y (∂ ln p/∂w_i)² of each example: unchanged when a layer is scaled and the next
    /// one undoes it. Nil when the weights were not given.
    public let scaleFree: [Double]?
    /// The Fisher trace of each example for the prediction at the estimator's second temperature; nil
    /// when it did not come out of the same pass.
    public let tempered: [Double]?
    /// The diagonal of F, `[P]`, the mean over examples of the same quantity as `fisher`: their
    /// sums agree. Nil when not kept.
    public let diagonal: [Float]?
  }

  /// What the outputs mean.
  public let task: ProbeTask
  /// How labels were drawn.
  public let labels: LabelPlan
  /// N.
  public let exampleCount: Int
  /// Mean number of labels that count in an example: 1, T − 1 of a language model, the pixels of a
  /// segmentation, the outputs of independent labels, without those that are ignored.
  public let positions: Double
  /// C, or the number of outputs that are independent.
  public let classes: Int
  /// In forward order.
  public let parameters: [Parameter]
  /// The modules of the parameters, in forward order.
  public let layers: [NetworkLayer]
  /// The flow graph, between indices into `layers`.
  public let connections: [LayerConnection]
  /// What the outputs alone say.
  public let performance: Performance
  /// Each layer's output `[N, features]`; empty when not kept.
  public let recordings: [Tensor]
  /// The parts that examples are summed by where an error is found by leaving one out.
  let groups: ExampleGroups
  /// Per layer, Σ_x E_y (∂ ln p/∂T_j)² of each number of its recorded output, `[groups, features]`;
  /// empty when not measured.
  let layerSquares: [[Float]]
  /// Per layer, Σ |output| over the probe of each unit after its nonlinearity; empty where none follows.
  let unitSums: [[Double]]
  /// Examples that the probe has; `exampleCount` of them were measured, the first ones.
  public let availableExamples: Int
  /// Why no more were.
  public internal(set) var stop: EstimationBudget.Stop
  /// Where the error of the total trace comes from; nil when labels are exact or drawn once.
  public let samplingError: SamplingError?

  /// A trace over the parameters of one layer, or of the whole network: mean over the examples
  /// with its standard error.
  public func trace(_ quantity: Quantity, layer: Int? = nil) -> Measured<Uncertain> {
    contributions(quantity, layer: layer).map { Uncertain.mean(of: $0) }
      ?? .absent(quantity.absence)
  }

  /// A trace over one parameter.
  public func trace(_ quantity: Quantity, parameter: Int) -> Measured<Uncertain> {
    parameters[parameter].contributions(quantity).map { Uncertain.mean(of: $0) }
      ?? .absent(quantity.absence)
  }

  /// Each example's own part of a trace, `[N]`; nil when a parameter lacks it.
  public func contributions(_ quantity: Quantity, layer: Int? = nil) -> [Double]? {
    var sum = [Double](repeating: 0, count: exampleCount)
    for parameter in parameters where layer == nil || parameter.layer == layer {
      guard let part = parameter.contributions(quantity) else { return nil }
      for n in sum.indices { sum[n] += part[n] }
    }
    return sum
  }

  /// Each layer's per-example Fisher information: what shares, plasticity and their bootstrap
  /// intervals are computed from.
  public var layerContributions: LayerContributions {
    LayerContributions(
      layers: layers.map(\.name), examples: exampleCount,
      values: layers.indices.flatMap { contributions(.fisher, layer: $0) ?? [] })
  }

  /// What `WeightInformation` needs of every layer: its weights, and the curvature of the mean
  /// loss, which is the diagonal of F per position.
  ///
  /// - Returns: absent when diagonals were not kept or a parameter's weights are missing.
  public func weightedLayers(_ weights: [String: Tensor]) -> Measured<[WeightedLayer]> {
    var segments = [[WeightedLayer.Segment]](repeating: [], count: layers.count)
    for parameter in parameters {
      guard let diagonal = parameter.diagonal else {
        return .absent("the diagonal of the Fisher information was not kept")
      }
      guard let values = weights[parameter.name]?.values, values.count == diagonal.count else {
        return .absent("the weights of \(parameter.name) are missing")
      }
      segments[parameter.layer].append(
        WeightedLayer.Segment(weights: values, curvature: diagonal))
    }
    return .known(
      layers.indices.map {
        WeightedLayer(
          name: layers[$0].name, segments: segments[$0], curvatureScale: 1 / positions)
      })
  }
}

extension FisherEstimate {
  /// The traces of an estimate.
  public enum Quantity: Sendable, CaseIterable {
    /// tr F with labels from the prediction.
    case fisher
    /// The same with true labels.
    case empirical
    /// ‖∂z/∂w‖²/C.
    case jacobian
    /// Σ F_ii w_i².
    case scaleFree
    /// tr F of softmax(z/τ).
    case tempered

    /// Why an estimate may lack it.
    var absence: String {
      switch self {
      case .fisher: "not measured"
      case .empirical: "the probe has no target, or it was not asked for"
      case .jacobian: "it was not asked for"
      case .scaleFree: "the weights were not given"
      case .tempered: "no second temperature was given"
      }
    }
  }
}

extension FisherEstimate.Parameter {
  /// Each example's own part of a trace, `[N]`; nil when it was not measured.
  public func contributions(_ quantity: FisherEstimate.Quantity) -> [Double]? {
    switch quantity {
    case .fisher: fisher
    case .empirical: empirical
    case .jacobian: jacobian
    case .scaleFree: scaleFree
    case .tempered: tempered
    }
  }
}
