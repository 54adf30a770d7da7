// Two tasks side by side: the numbers of a distance report, by layer and in total.

import Information
import Reports
import Tensors

/// Two compared tasks.
struct TaskPair {
  let a: ComparedTask
  let b: ComparedTask
  /// By layer of b, bits.
  private let costToB: [Measured<Double>]
  private let costToA: [Measured<Double>]

  init(a: ComparedTask, b: ComparedTask) {
    self.a = a
    self.b = b
    costToB = Self.cost(from: a, to: b)
    costToA = Self.cost(from: b, to: a)
  }

  private static func cost(from a: ComparedTask, to b: ComparedTask) -> [Measured<Double>] {
    switch (a.information, b.information) {
    case (.known(let first), .known(let second)):
      FineTuningCost.bits(from: a.network, first, to: b.network, second)
    case (.absent(let reason), _), (_, .absent(let reason)):
      b.network.layers.map { _ in .absent(reason) }
    }
  }

  /// The symmetric distance of one layer, or of the whole embedding.
  func symmetric(_ name: String? = nil) -> Measured<Double> {
    if let name, a.layers(name).isEmpty {
      let isClassifier = a.network.classifier.map { a.network.layers[$0] } == name
      return .absent(
        isClassifier ? "the classifier has no part in the embedding" : "it has no filters")
    }
    // By name: the two may hold their layers in different orders.
    let first = Dictionary(
      a.layers(name).map { ($0.name, $0.filters) }, uniquingKeysWith: { one, _ in one })
    let shared = b.layers(name).filter { first[$0.name] != nil }
    return TaskDistance.symmetric(
      shared.flatMap { first[$0.name] ?? [] }, shared.flatMap(\.filters))
  }

  func aToB(_ name: String? = nil) -> DistanceDirection { direction(from: a, name, costToB, b) }
  func bToA(_ name: String? = nil) -> DistanceDirection { direction(from: b, name, costToA, a) }

  func layer(_ name: String) -> LayerDistance {
    let index = b.network.layers.firstIndex(of: name)
    return LayerDistance(
      name: name,
      parameters: b.network.parameters.filter { $0.layer == index }
        .reduce(0) { $0 + $1.shape.count },
      filters: b.layers(name).reduce(0) { $0 + $1.filters.count },
      symmetric: Quantity(symmetric(name)), aToB: aToB(name), bToA: bToA(name))
  }

  private func direction(
    from start: ComparedTask, _ name: String?, _ costs: [Measured<Double>], _ end: ComparedTask
  ) -> DistanceDirection {
    DistanceDirection(
      asymmetric: Quantity(
        TaskDistance.asymmetric(
          symmetric: symmetric(name), fromTrivial: start.fromTrivial(name))),
      fineTuningCostBits: Quantity(Self.total(costs, end.network.layers, name)))
  }

  /// One layer's cost, or the sum of those that have one.
  private static func total(
    _ costs: [Measured<Double>], _ layers: [String], _ name: String?
  ) -> Measured<Double> {
    if let name {
      return layers.firstIndex(of: name).map { costs[$0] } ?? .absent("it is not there")
    }
    let known = costs.compactMap(\.value)
    guard !known.isEmpty else { return .absent(costs.first?.reason ?? "there are no layers") }
    return .known(known.reduce(0, +))
  }

  /// What the totals leave out.
  var findings: [FindingReport] {
    let missing = zip(b.network.layers, costToB).compactMap { name, cost in
      cost.reason.map { "\(name): \($0)" }
    }
    guard !missing.isEmpty, missing.count < costToB.count else { return [] }
    return [
      FindingReport(
        code: "cost-incomplete", where: "fine_tuning_cost_bits",
        text: "the total leaves out " + missing.joined(separator: "; "))
    ]
  }
}
