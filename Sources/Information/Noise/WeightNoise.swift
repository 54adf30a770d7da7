// Draws of weights from Q = N(w, diag σ²) of measurements.md §3: what the predicted rise of the
// loss is checked with.
internal import CKernels
public import Tensors

/// Noise on a network's weights, as strong as the information in them says that they bear.
///
/// σ_i² = λ_l²/(1 + s_i) with s_i = λ_l² h_i/β. The normal numbers belong to the probe: they depend
/// on its seed, the pair, the parameter's name and the weight's place in it, so that every
/// checkpoint and every tolerance sees the same ones. Draws come in pairs w + σz, w − σz
/// (antithetic): the gradient's part of the loss, which is the largest before training ends and has
/// mean zero, cancels within a pair.
public struct WeightNoise: Sendable {
  /// Which of a pair.
  public enum Side: Double, Sendable, CaseIterable {
    /// w + σz.
    case plus = 1
    /// w − σz.
    case minus = -1
  }

  private let information: WeightInformation
  private let seed: UInt64

  /// The noise at one tolerance.
  ///
  /// - Parameter seed: of the probe.
  public init(_ information: WeightInformation, seed: UInt64) {
    self.information = information
    self.seed = seed
  }

  /// One draw of every parameter that an estimate has a diagonal for, by name; the weights of a
  /// layer that holds no information stay as they are.
  ///
  /// - Parameters:
  ///   - pair: which pair.
  ///   - side: which of the pair.
  ///   - weights: the checkpoint's values by the estimate's parameter names.
  public func draw(
    pair: Int, _ side: Side, of weights: [String: Tensor], _ estimate: FisherEstimate
  ) -> [String: Tensor] {
    var drawn: [String: Tensor] = [:]
    for parameter in estimate.parameters {
      guard let tensor = weights[parameter.name] else { continue }
      let layer = information.layers[parameter.layer]
      guard let prior = layer.priorVariance, let curvature = parameter.diagonal,
        curvature.count == tensor.values.count
      else {
        drawn[parameter.name] = tensor
        continue
      }
      let ratio = prior / information.beta / estimate.positions
      let key = ProbeDraws(seed: seed).bits(
        .weight, example: pair, position: Self.number(of: parameter.name))
      let count = curvature.count
      let values = [Float](unsafeUninitializedCapacity: count) { values, initialized in
        tensor.values.withUnsafeBufferPointer { w in
          curvature.withUnsafeBufferPointer { h in
            ck_draw_weights(
              w.baseAddress, h.baseAddress, count, prior, ratio, key, side.rawValue,
              values.baseAddress)
          }
        }
        initialized = count
      }
      drawn[parameter.name] = Tensor(shape: tensor.shape, values: values)
    }
    return drawn
  }

  /// FNV-1a of a name: the same in every process, unlike `hashValue`.
  private static func number(of name: String) -> Int {
    Int(
      truncatingIfNeeded: name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
        ($0 ^ UInt64($1)) &* 0x100_0000_01B3
      })
  }
}
