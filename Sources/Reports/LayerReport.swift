// A layer and its tensors, in a checkpoint's report; every name carries its unit.

/// One layer.
public struct LayerReport: Codable, Sendable {
  /// The module's name, as the checkpoint spells it.
  public var name: String
  /// The operator (`Conv`, `Gemm`, …); nil without a graph.
  public var kind: String?
  /// Trainable scalars.
  public var parameters: Int
  /// The layer's part of the evidence's total, 0…1.
  public var share: Double?
  /// tr F of the layer.
  public var fisherTrace: Quantity?
  /// With the data's labels.
  public var empiricalFisherTrace: Quantity?
  /// E‖∂z/∂w‖²/C.
  public var jacobianTrace: Quantity?
  /// Σ F_ii w_i².
  public var scaleFreeTrace: Quantity?
  /// tr F of softmax(z/τ), at the network's τ.
  public var temperedTrace: Quantity?
  /// Code length at the tolerance, bits.
  public var informationBits: Quantity?
  /// `information_bits` per weight.
  public var channelBits: Double?
  /// sqrt(mean σ²)/rms(w) at the tolerance.
  public var noiseBudget: Quantity?
  /// The same as 20 log10 of it: how far the noise lies below the weights (negative) or above.
  public var noiseBudgetDecibels: Quantity?
  /// λ², the prior that costs least.
  public var priorVariance: Double?
  /// Of the layer's output on the probe.
  public var activations: ActivationReport?
  /// Of the layer's matrix.
  public var spectrum: SpectrumReport?
  /// From the optimizer's moments.
  public var optimizer: LayerOptimizer?
  /// Against earlier checkpoints.
  public var update: UpdateReport?
  /// The layer's tensors.
  public var tensors: [TensorReport]

  /// Creates a layer of the parts that always exist.
  public init(name: String, kind: String?, parameters: Int, tensors: [TensorReport]) {
    self.name = name
    self.kind = kind
    self.parameters = parameters
    self.tensors = tensors
  }
}

/// One tensor of a layer.
public struct TensorReport: Codable, Sendable, FlowStyled {
  /// The checkpoint's own name.
  public var name: String
  /// Extents.
  public var shape: [Int]
  /// Stored element type.
  public var type: String
  /// ‖W‖_F over the finite elements.
  public var frobeniusNorm: Quantity
  /// Mean |w|.
  public var meanMagnitude: Quantity?
  /// Elements that are NaN or infinite, if any.
  public var nonfinite: Int?
  /// tr F of the tensor.
  public var fisherTrace: Quantity?
  /// With the data's labels.
  public var empiricalFisherTrace: Quantity?

  /// Creates a tensor of the parts that always exist.
  public init(name: String, shape: [Int], type: String, frobeniusNorm: Quantity) {
    self.name = name
    self.shape = shape
    self.type = type
    self.frobeniusNorm = frobeniusNorm
  }
}
