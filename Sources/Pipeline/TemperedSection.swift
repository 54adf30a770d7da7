// The trace without the confidence, into the report (measurements.md §2).

import Diagnostics
import Information
import Networks
import Reports
import Tensors

/// The Fisher trace at the temperature that gives the reference checkpoint's entropy.
struct TemperedSection: Sendable {
  private let referenceEntropyBits: Double?
  private let temperature: Measured<Double>
  /// The estimate and which of its traces is that of the tempered prediction; nil when there is none.
  private let traced: (estimate: FisherEstimate, quantity: FisherEstimate.Quantity)?

  /// Bytes of the whole batch's activations up to which they are kept from one pass to the next.
  private static let keptBytes = 64 << 20

  /// - Parameters:
  ///   - plain: the estimate, which holds the tempered trace when it came out of the same pass.
  ///   - known: the temperature, if it was found before; else it is found for the plain estimate's
  ///     examples.
  init(
    _ bound: BoundNetwork, _ plain: FisherEstimate, _ known: Measured<Double>?,
    _ request: ProbeRequest
  ) throws(Problem) {
    referenceEntropyBits = request.referenceEntropyBits
    let estimator = bound.estimator(request, like: plain)
    temperature =
      if let known { known } else {
        try Self.temperature(bound, nil, request, estimator, examples: plain.exampleCount)
      }
    guard let known = temperature.value else {
      traced = nil
      return
    }
    if plain.parameters.allSatisfy({ $0.tempered != nil }) {
      traced = (plain, .tempered)
    } else if known == 1 {
      traced = (plain, .fisher)
    } else {
      var estimator = estimator
      estimator.measuresOnlyTrace()
      estimator.temperature = known
      traced = (try bound.estimate(estimator), .fisher)
    }
  }

  /// The temperature before the estimate, so that its trace can come out of the same pass; nil when a
  /// budget leaves open how many examples that will have.
  ///
  /// - Parameter blocks: keep their forward pass for the estimate, where that takes little memory.
  static func temperature(
    _ bound: BoundNetwork, _ blocks: BoundBlocks, _ request: ProbeRequest
  ) throws(Problem) -> Measured<Double>? {
    let estimator = bound.estimator(request)
    guard !estimator.budget.isLimited else { return nil }
    let isKept = request.repeats == 1 && bound.plan.forwardBytes <= keptBytes
    return try temperature(
      bound, isKept ? blocks : nil, request, estimator, examples: bound.definition.examples)
  }

  /// The temperature of the reference checkpoint's entropy, from a forward pass.
  private static func temperature(
    _ bound: BoundNetwork, _ blocks: BoundBlocks?, _ request: ProbeRequest,
    _ estimator: FisherEstimator, examples: Int
  ) throws(Problem) -> Measured<Double> {
    guard let bits = request.referenceEntropyBits else {
      return .absent(
        "no reference: give --reference-entropy-bits, as the daemon does once a run has a peak")
    }
    let plan = bound.plan
    return try estimator.temperature(
      entropyBits: bits, examples: bound.definition.examples,
      blocks: blocks == nil ? plan.forwardBlocks(examples: examples) : plan.blocks
    ) { (range) throws(Problem) in
      if let blocks { try blocks.forwarded(range) } else { try plan.bind(range) }
    }
  }

  /// Adds to the section of the whole network.
  func fill(_ information: inout NetworkInformation) {
    information.temperedTrace = quantity()
    information.temperature = temperature.value
    information.referenceEntropyBits = referenceEntropyBits
  }

  /// Adds to one layer's part of the report, where there is something to say.
  func fill(_ report: inout LayerReport, layer: Int) {
    if traced != nil { report.temperedTrace = quantity(layer: layer) }
  }

  private func quantity(layer: Int? = nil) -> Quantity {
    guard let traced else {
      return .absent(reason: temperature.reason ?? "not measured")
    }
    return Quantity(traced.estimate.trace(traced.quantity, layer: layer))
  }
}
