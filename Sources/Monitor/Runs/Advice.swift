// What a person can do with a decision, only as strongly as the evidence allows, each with its source.

import CriticalPeriods
import Reports

/// Advice that goes with an alert.
struct Advice {
  let items: [AdviceReport]

  /// - Parameter fixedLayers: layers whose share no longer moves.
  init(_ transition: Transition, fixedLayers: [String]) {
    switch transition.state {
    case .closed: items = Self.afterTheEnd(transition.judgement.end, fixedLayers)
    case .reopened:
      items = [
        AdviceReport(
          text: "what the data lack from here on can leave a lasting mark again: look at them now, "
            + "and at what changed",
          source: Self.deficits)
      ]
    case .peaked:
      items = [
        AdviceReport(
          text: "if the data are to be corrected or augmented, do it before the end of the period "
            + "is said",
          source: Self.deficits)
      ]
    case .waiting, .acquiring, .consolidating, .ambiguous: items = []
    }
  }

  /// How sure an end is, in a word between "the critical learning period" and "ended".
  static func strength(_ end: End) -> String {
    switch (end.basis, end.probability) {
    case (.progress, 0.9...): "has"
    case (.progress, 0.7...): "has probably"
    case (.progress, _): "has more likely than not"
    case (.shares, _): "has, as far as the layers' shares tell,"
    }
  }

  private static let deficits =
    "Achille, Rovere and Soatto, Critical Learning Periods in Deep Networks, ICLR 2019 "
    + "(arXiv 1711.08856)"

  private static func afterTheEnd(_ end: End?, _ fixedLayers: [String]) -> [AdviceReport] {
    guard let end else { return [] }
    let may = end.basis == .progress && end.probability >= 0.7 ? "are likely to" : "may"
    var items = [
      AdviceReport(
        text: "spoilt or missing data before step \(end.step) \(may) have left a lasting mark that "
          + "training on does not undo: if they were wrong, train again; data corrected from here on "
          + "\(may) be learned less well",
        source: deficits),
      AdviceReport(
        text: "augmentation and weight decay that are added or removed from here on \(may) matter "
          + "little to the final accuracy",
        source: "Golatkar, Achille and Soatto, Time Matters in Regularizing Deep Networks, NeurIPS "
          + "2019 (arXiv 1905.13277)"),
    ]
    if end.basis == .shares {
      items.append(
        AdviceReport(
          text:
            "shares alone are little to go by, and the probability is not calibrated: log the training loss in "
            + "the checkpoints, or make a probe",
          source: "etc/doc/measurements.md, §7"))
    }
    if !fixedLayers.isEmpty {
      let named = fixedLayers.prefix(8).joined(separator: ", ")
      let more = fixedLayers.count > 8 ? " and \(fixedLayers.count - 8) more" : ""
      items.append(
        AdviceReport(
          text:
            "the share of these layers no longer moves, first fixed first: \(named)\(more); they "
            + "are candidates for freezing, which saves their gradients; compare the accuracy before "
            + "relying on it",
          source:
            "Raghu, Gilmer, Yosinski and Sohl-Dickstein, SVCCA (freeze training), NeurIPS 2017 "
            + "(arXiv 1706.05806)"))
    }
    return items
  }
}
