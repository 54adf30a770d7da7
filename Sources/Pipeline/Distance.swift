// How far two checkpoints are apart as tasks (measurements.md §8): open, embed, compare.

public import Diagnostics
import Information
public import Reports
import Tensors

/// Compares two checkpoints of one architecture.
///
/// - Parameters:
///   - a: a checkpoint; see `checkpointStandingFor`.
///   - b: another.
///   - request: the probe and how to use it; without a probe the optimizer's second moments stand
///     for the curvature.
///   - probeOfB: the second task's own probe, where the two tasks have different data.
/// - Throws: what makes one of them unusable; `other-architecture` when their parameters differ.
public func distance(
  _ a: String, _ b: String, _ request: ProbeRequest, probeOfB: ProbeDefinition? = nil
) throws(Problem) -> DistanceReport {
  let meter = CostMeter()
  let first = try ComparedTask(a, request)
  var requestOfB = request
  requestOfB.probe = probeOfB ?? request.probe
  requestOfB.toleranceNats =
    request.toleranceNats ?? request.probe.map { $0.settings.toleranceNats }
  let second = try ComparedTask(b, requestOfB)
  try refuseOtherArchitecture(first.network, second.network, places: (a, b))

  let pair = TaskPair(a: first, b: second)
  let network = second.network
  return DistanceReport(
    a: first.end, b: second.end, evidence: first.evidence,
    toleranceNats: requestOfB.toleranceNats ?? ProbeSettings().toleranceNats,
    classifier: network.classifier.map { network.layers[$0] },
    filters: second.layers().reduce(0) { $0 + $1.filters.count },
    symmetric: Quantity(pair.symmetric()), aToB: pair.aToB(), bToA: pair.bToA(),
    layers: network.layers.map { pair.layer($0) },
    findings: pair.findings + first.findings + second.findings, took: meter.cost)
}

/// Names and shapes must agree, but for the classifier's when the tasks have other classes.
private func refuseOtherArchitecture(
  _ a: CurvedNetwork, _ b: CurvedNetwork, places: (String, String)
) throws(Problem) {
  let classifiers = Set(
    [a, b].compactMap { network in network.classifier.map { network.layers[$0] } })
  func shapes(_ network: CurvedNetwork) -> [String: Shape] {
    Dictionary(
      network.parameters.filter { !classifiers.contains(network.layers[$0.layer]) }
        .map { ($0.name, $0.shape) },
      uniquingKeysWith: { first, _ in first })
  }
  let (first, second) = (shapes(a), shapes(b))
  for name in Set(first.keys).union(second.keys).sorted() where first[name] != second[name] {
    func said(_ shape: Shape?) -> String { shape.map { "\($0)" } ?? "not there" }
    throw Problem(
      "other-architecture", at: places.1,
      "\"\(name)\" is \(said(second[name])), in \(places.0) it is \(said(first[name]))",
      remedy: "compare checkpoints of one architecture")
  }
}
