import Information
import Networks
import Reports

extension ProbeIdentity {
  /// Which probe an estimate was made with, and how much of it.
  init(
    _ definition: ProbeDefinition, _ estimate: FisherEstimate, isLimited: Bool,
    sampling: ScoreSampling = .signs
  ) {
    let sampled: (draws: Int, seed: UInt64)? =
      if case .sampled(let draws, let seed) = estimate.labels { (draws, seed) } else { nil }
    self.init(
      name: definition.name, digest: definition.digest, examples: estimate.exampleCount,
      labels: sampled == nil ? "exact" : "sampled", draws: sampled?.draws,
      sampling: sampled == nil ? nil : sampling.rawValue,
      seed: Int(sampled?.seed ?? UInt64(definition.settings.seed)),
      task: estimate.task.rawValue,
      output: definition.graph.outputs.count > 1 ? definition.graph.prediction : nil)
    relativeStandardError = estimate.trace(.fisher).value?.relativeError
    if isLimited {
      of = estimate.availableExamples
      stoppedBy = estimate.stop.rawValue
      dominatedBy = estimate.samplingError.map { $0.isDominatedByLabels ? "labels" : "examples" }
    }
  }
}
