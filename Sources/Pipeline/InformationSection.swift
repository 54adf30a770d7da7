// Information in the weights, predicted and measured, into the report (measurements.md §3).

import Diagnostics
import Information
import Reports

/// The code length of the weights at the headline tolerance and along the curve, with the rise of
/// the loss that draws of the weights show.
struct InformationSection: Sendable {
  /// The headline tolerance, nats.
  let toleranceNats: Double
  /// At the headline tolerance.
  let headline: Measured<WeightInformation>
  private let curve: [(toleranceNats: Double, information: Measured<WeightInformation>)]
  private let check: NoiseCheck

  /// Tolerances of the reported curve, nats.
  static let curveNats = [0.001, 0.003, 0.01, 0.03, 0.1]

  init(
    _ bound: BoundNetwork, _ estimate: FisherEstimate, _ request: ProbeRequest
  ) throws(Problem) {
    let tolerance = request.toleranceNats ?? bound.definition.settings.toleranceNats
    toleranceNats = tolerance
    let tolerances =
      Self.curveNats.contains(tolerance) ? Self.curveNats : Self.curveNats + [tolerance]
    switch estimate.weightedLayers(bound.weights) {
    case .known(let layers):
      let points = WeightInformation.curve(tolerancesNats: tolerances, layers: layers)
      headline =
        points.first { $0.toleranceNats == tolerance }?.information ?? .absent("not measured")
      curve = points.filter { Self.curveNats.contains($0.toleranceNats) }
      check = try NoiseCheck(bound, estimate, headline: tolerance, points: points, request)
    case .absent(let reason):
      headline = .absent(reason)
      curve = []
      check = try NoiseCheck(bound, estimate, headline: tolerance, points: [], request)
    }
  }

  /// Adds to the section of the whole network, and what a person should know about it.
  func fill(_ information: inout NetworkInformation, _ findings: inout [FindingReport]) {
    information.informationBits = Quantity(headline.map(\.informationBits))
    information.beta = Quantity(headline.map(\.beta))
    if let rise = check.rises[toleranceNats] {
      information.measuredLossRise = Quantity(rise.lossRise)
      information.measuredAccuracyDrop = Quantity(rise.accuracyDrop)
      information.weightDraws = rise.draws
    }
    information.curve = curve.map { point in
      let rise = check.rises[point.toleranceNats]
      return CurvePoint(
        toleranceNats: point.toleranceNats,
        informationBits: Quantity(point.information.map(\.informationBits)),
        measuredLossRise: rise.map { Quantity($0.lossRise) },
        measuredAccuracyDrop: rise.map { Quantity($0.accuracyDrop) })
    }
    let failed = check.rises.filter { $0.value.disagrees(with: $0.key) == true }.sorted {
      $0.key < $1.key
    }
    guard !failed.isEmpty else { return }
    let pairs = failed.map { tolerance, rise in
      "\(tolerance) predicted, \(Self.brief(rise.lossRise.value?.value)) measured"
    }
    findings.append(
      FindingReport(
        code: "quadratic-picture-failed", where: "information",
        text: "noise on the weights raises the loss otherwise than the curvature predicts, by more "
          + "than a factor of 2 (nats: \(pairs.joined(separator: "; "))); read information_bits and "
          + "noise_budget there as bounds of the curvature, not of the loss"))
  }

  /// Adds to one layer's part of the report.
  func fill(_ report: inout LayerReport, layer: Int) {
    guard let part = headline.value?.layers[layer] else { return }
    report.informationBits = .exact(part.informationBits)
    report.channelBits = part.informationBits / Double(max(part.parameters, 1))
    report.noiseBudget = Quantity(
      part.noiseBudget, otherwise: part.reason ?? "the layer holds no information")
    report.noiseBudgetDecibels = Quantity(
      part.noiseBudgetDecibels, otherwise: part.reason ?? "the layer holds no information")
    report.priorVariance = part.priorVariance
  }

  /// Three digits, for a sentence.
  private static func brief(_ value: Double?) -> String {
    guard let value, value != 0, value.isFinite else { return "0" }
    var scale = 1.0
    while (abs(value) * scale) < 100 { scale *= 10 }
    return "\((value * scale).rounded() / scale)"
  }
}
