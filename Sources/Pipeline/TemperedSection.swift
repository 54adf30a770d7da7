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
  /// Of the tempered prediction; nil when there is none.
  private let estimate: FisherEstimate?

  init(
    _ bound: BoundNetwork, _ plain: FisherEstimate, _ request: ProbeRequest
  ) throws(Problem) {
    referenceEntropyBits = request.referenceEntropyBits
    guard let bits = request.referenceEntropyBits else {
      temperature = .absent(
        "no reference: give --reference-entropy-bits, as the daemon does once a run has a peak")
      estimate = nil
      return
    }
    var estimator = bound.estimator(request, like: plain)
    let plan = bound.plan
    temperature = try estimator.temperature(
      entropyBits: bits, examples: bound.definition.examples,
      blocks: plan.forwardBlocks(merging: 1, examples: plain.exampleCount)
    ) { (range) throws(Problem) in try plan.bind(range) }
    guard let known = temperature.value else {
      estimate = nil
      return
    }
    estimator.measuresOnlyTrace()
    estimator.temperature = known
    estimate = known == 1 ? plain : try bound.estimate(estimator)
  }

  /// Adds to the section of the whole network.
  func fill(_ information: inout NetworkInformation) {
    information.temperedTrace = quantity()
    information.temperature = temperature.value
    information.referenceEntropyBits = referenceEntropyBits
  }

  /// Adds to one layer's part of the report, where there is something to say.
  func fill(_ report: inout LayerReport, layer: Int) {
    if estimate != nil { report.temperedTrace = quantity(layer: layer) }
  }

  private func quantity(layer: Int? = nil) -> Quantity {
    guard let estimate else {
      return .absent(reason: temperature.reason ?? "not measured")
    }
    return Quantity(estimate.trace(.fisher, layer: layer))
  }
}
