// The options of every command that measures what the weights hold.
public import ArgumentParser
public import Pipeline

struct FisherOptions: ParsableArguments {
  @Option(help: "How labels are drawn: exact or sampled. By default the probe says.")
  var labels: ProbeSettings.Labels?

  @Option(help: "Labels per example (or position) when sampled.")
  var draws: Int?

  @Option(help: "Seed of the draws.")
  var seed: Int?

  @Option(help: "Tolerance that information is counted at, nats of loss.")
  var toleranceNats: Double?

  @Option(help: "Examples of one training step, for numbers that rest on optimizer moments.")
  var batchSize: Int?

  @Option(
    help: "Decay of the optimizer's first moment, where the checkpoint does not tell (optax's b1).")
  var beta1: Double?

  @Option(
    help: "Decay of the optimizer's second moment, where the checkpoint does not tell (optax's b2)."
  )
  var beta2: Double?

  @Option(help: "Threads to compute on.")
  var threads: Int = 2

  func validate() throws {
    if let draws, !ProbeSettings.possibleDraws.contains(draws) {
      throw ValidationError("--draws: 1 to \(ProbeSettings.possibleDraws.upperBound)")
    }
    if let seed, seed < 0 { throw ValidationError("--seed: at least 0") }
    if let toleranceNats, !(toleranceNats > 0 && toleranceNats.isFinite) {
      throw ValidationError("--tolerance-nats: more than 0, and finite")
    }
    if let batchSize, batchSize < 1 { throw ValidationError("--batch-size: at least 1") }
    for (name, value) in [("--beta1", beta1), ("--beta2", beta2)] {
      if let value, !(value > 0 && value < 1) {
        throw ValidationError("\(name): more than 0 and less than 1")
      }
    }
    if threads < 1 || threads > 1024 { throw ValidationError("--threads: 1 to 1024") }
  }

  /// A request of all that was stated here.
  var request: ProbeRequest {
    var request = ProbeRequest()
    request.labels = labels
    request.draws = draws
    request.seed = seed
    request.toleranceNats = toleranceNats
    request.training.batchSize = batchSize
    (request.training.beta1, request.training.beta2) = (beta1, beta2)
    request.threads = threads
    return request
  }
}

extension ProbeSettings.Labels: ExpressibleByArgument {}
