// What it costs to move a network from one task to another (measurements.md §8).
internal import CKernels
internal import Glibc

/// KL(N(w_b, Σ_b) ‖ N(w_a, Σ_a)): the code length of b's weights for somebody who has a's, both at the
/// precision that their tolerance asks for.
///
/// ½ Σ [σ_b²/σ_a² + (w_b − w_a)²/σ_a² − 1 + ln(σ_a²/σ_b²)] with σ² = λ²/(1 + s) of measurements.md §3 at
/// either checkpoint's own β and λ. Asymmetric, and it counts the move of the means.
public enum FineTuningCost {
  /// The cost of each layer, bits.
  ///
  /// - Parameters:
  ///   - a: where one starts from.
  ///   - b: where one wants to be.
  /// - Returns: by b's layers; absent where a layer has no such parameters in `a`, or holds no
  ///   information at either, which leaves its σ² undefined.
  public static func bits(
    from a: CurvedNetwork, _ informationA: WeightInformation, to b: CurvedNetwork,
    _ informationB: WeightInformation
  ) -> [Measured<Double>] {
    let start = Dictionary(
      a.parameters.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return b.layers.indices.map { index in
      let end = b.parameters.filter { $0.layer == index }
      var nats = 0.0
      for parameter in end {
        guard let before = start[parameter.name], before.shape == parameter.shape else {
          return .absent("\(parameter.name) is not the same parameter at both")
        }
        let (layerA, layerB) = (informationA.layers[before.layer], informationB.layers[index])
        guard let priorA = layerA.priorVariance, let priorB = layerB.priorVariance else {
          let reason = layerA.reason ?? layerB.reason ?? "not measured"
          return .absent("its noise is not defined: \(reason)")
        }
        nats += divergence(
          parameter, prior: priorB, ratio: priorB / informationB.beta * b.curvatureScale,
          from: before, prior: priorA, ratio: priorA / informationA.beta * a.curvatureScale)
      }
      return Measured(finite: max(nats, 0) / M_LN2, else: "it is not finite")
    }
  }

  private static func divergence(
    _ b: CurvedNetwork.Parameter, prior priorB: Double, ratio ratioB: Double,
    from a: CurvedNetwork.Parameter, prior priorA: Double, ratio ratioA: Double
  ) -> Double {
    b.weights.withUnsafeBufferPointer { wb in
      b.curvature.withUnsafeBufferPointer { hb in
        a.weights.withUnsafeBufferPointer { wa in
          a.curvature.withUnsafeBufferPointer { ha in
            ck_gaussian_divergence(
              wb.baseAddress, hb.baseAddress, priorB, ratioB, wa.baseAddress, ha.baseAddress,
              priorA, ratioA, wb.count)
          }
        }
      }
    }
  }
}
