// The measured side of measurements.md §3: weights drawn from Q, run through the network.

import Diagnostics
import Information
import Networks
import Tensors
import Threads

/// The rise of the loss at the headline tolerance and along the curve, by draws of the weights.
struct NoiseCheck: Sendable {
  /// By tolerance, nats; a tolerance that was not tried is not there.
  let rises: [Double: MeasuredRise]

  /// Multiply–adds that the check may take by itself, about half a second on two cores. Counted and
  /// not timed, so that every checkpoint of a run gets the same draws.
  private static let budget = 8e9
  /// Weights above which threads share one set of drawn weights instead of holding one each.
  private static let sharedAbove = 4 << 20

  /// - Parameters:
  ///   - headline: the tolerance that matters most: drawn more often, and whatever it costs.
  ///   - points: the information at it and at the tolerances of the curve.
  init(
    _ bound: BoundNetwork, _ estimate: FisherEstimate, headline: Double,
    points: [(toleranceNats: Double, information: Measured<WeightInformation>)],
    _ request: ProbeRequest
  ) throws(Problem) {
    let cost = Double(estimate.exampleCount) * estimate.forwardProducts
    var jobs: [(tolerance: Double, information: WeightInformation, pair: Int)] = []
    for point in points {
      guard let information = point.information.value else { continue }
      let pairs = Self.pairs(
        request.weightDraws ?? bound.definition.settings.weightDraws, cost: cost,
        isHeadline: point.toleranceNats == headline, points: points.count)
      jobs += (0..<pairs).map { (point.toleranceNats, information, $0) }
    }
    let (work, seed) = (jobs, UInt64(bound.seed(request)))
    let shares = estimate.parameters.reduce(0) { $0 + $1.shape.count } > Self.sharedAbove
    let estimator = bound.estimator(request)
    let blocks = bound.plan.forwardBlocks(merging: 1, examples: estimate.exampleCount)
    var found: [Double: [(plus: Performance, minus: Performance)]] = [:]
    try forEachBlock(count: work.count, threads: shares ? 1 : request.threads) {
      (index) throws(Problem) -> [Performance] in
      let noise = WeightNoise(work[index].information, seed: seed)
      return try WeightNoise.Side.allCases.map { (side) throws(Problem) -> Performance in
        let drawn = noise.draw(pair: work[index].pair, side, of: bound.weights, estimate)
        let plan = bound.plan.replacing(parameters: bound.spread(drawn))
        return try estimator.performance(
          examples: bound.definition.examples, blocks: blocks, threads: shares ? request.threads : 1
        ) {
          (range) throws(Problem) in try plan.bind(range)
        }
      }
    } combine: { (index, sides) throws(Problem) in
      found[work[index].tolerance, default: []].append((sides[0], sides[1]))
    }
    rises = found.mapValues { MeasuredRise(of: estimate.performance, pairs: $0) }
  }

  /// Pairs of draws at one tolerance.
  private static func pairs(
    _ stated: Int?, cost: Double, isHeadline: Bool, points: Int
  ) -> Int {
    if let stated { return (stated + 1) / 2 }
    if isHeadline { return cost * 8 <= budget / 2 ? 4 : 2 }
    return cost * 4 * Double(points) <= budget / 2 ? 2 : 0
  }
}

extension FisherEstimate {
  /// Multiply–adds of one example's forward pass, about: each layer's outputs times the weights
  /// that each of them reads.
  fileprivate var forwardProducts: Double {
    guard recordings.count == layers.count else { return .infinity }
    return parameters.reduce(0) { sum, parameter in
      guard parameter.shape.rank >= 2, let units = parameter.shape.dimensions.first, units > 0,
        layers[parameter.layer].kind != "Gather"
      else { return sum }
      let outputs = recordings[parameter.layer].shape.count / max(exampleCount, 1)
      return sum + Double(outputs) * Double(parameter.shape.count / units)
    }
  }
}
