// What the person who trains says of the training, where checkpoints do not: plasticity.yaml and the command
// line.

import Checkpoints
package import Reports

/// Facts of a training that its checkpoints may lack.
public struct StatedTraining: Sendable, Hashable {
  /// Examples of one training step, over all devices and accumulation.
  public var batchSize: Int?
  /// Decay of the optimizer's first moment per step.
  public var beta1: Double?
  /// Decay of the optimizer's second moment per step.
  public var beta2: Double?

  /// Nothing is said.
  public init() {}
}

extension StatedTraining {
  /// Moments with the decays that their file does not tell; what it tells stands.
  func completing(_ moments: Moments) -> Moments {
    guard moments.lacksDecay, let beta2 else { return moments }
    var moments = moments
    moments.beta2 = beta2
    moments.beta1 = moments.beta1 ?? (moments.kind == "adam" ? beta1 : nil)
    moments.flags.append("stated_decay")
    return moments
  }
}

extension SeriesRow {
  /// Whether its moments would be evidence if their decay were stated.
  package var lacksDecay: Bool { momentsProblem?.hasSuffix(Moments.request) ?? false }
}

extension Moments {
  fileprivate static let request = "give beta2 in plasticity.yaml or with --beta2"

  /// Why nothing can be told from them; nil when something can.
  var doubt: String? {
    if lacksDecay {
      return "the checkpoint does not tell how fast \(kind)'s second moment decays; "
        + Self.request
    }
    if !isSum, entries.allSatisfy({ betas(of: $0).second == nil }) {
      return "\(kind) moments with several decays, and the checkpoint does not tell which is whose"
    }
    guard let step else {
      return "\(kind) moments, and the checkpoint does not tell how many updates they have had"
    }
    // Before the first update sums are what they began at: the first window needs them.
    return step > 0 || isSum ? nil : "the optimizer has made no update yet"
  }
}
