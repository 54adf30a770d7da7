// Finds the noise level β at which the predicted rise of the loss is the tolerance.
internal import Glibc

/// Solves one network at several tolerances, each from where the last one ended.
struct NoiseSolver {
  private let layers: [WeightedLayer]
  private let banks: [Measured<ChannelBank>]
  /// Per layer, the root and the slope there at the last β.
  private var roots: [(u: Double, signal: Double, slope: Double)?]
  private var logNoise: Double?

  init(_ layers: [WeightedLayer]) {
    self.layers = layers
    banks = layers.map(ChannelBank.of)
    roots = layers.map { _ in nil }
  }

  mutating func information(toleranceNats: Double) -> Measured<WeightInformation> {
    guard toleranceNats > 0, toleranceNats.isFinite else {
      return .absent("the tolerance is not positive")
    }
    let active = banks.compactMap(\.value)
    guard !active.isEmpty else {
      return .absent(
        layers.isEmpty ? "no layer has weights" : "no layer has weights and curvature to measure")
    }
    // Were every s small, the rise would be ½ √β Σ n √(mean w² mean h).
    let small = active.reduce(0) {
      $0 + $1.count * ($1.meanSquare * $1.meanCurvature).squareRoot()
    }
    let goal = log(toleranceNats)
    var candidate = logNoise ?? 2 * (log(2 * toleranceNats) - log(small))
    var low = -Double.infinity
    var high = Double.infinity
    // The rise goes up with β, between its square root and itself: as in `ChannelBank.solve`, its
    // value bounds the distance to the root.
    for _ in 0..<60 {
      let (rise, slope) = settle(at: candidate)
      let excess = log(rise) - goal
      guard excess.isFinite else { return .absent("the predicted rise is not finite") }
      if abs(excess) < 1e-9 { break }
      if excess > 0 {
        high = min(high, candidate - excess)
        low = max(low, candidate - 2 * excess)
      } else {
        low = max(low, candidate - excess)
        high = min(high, candidate - 2 * excess)
      }
      let newton = candidate - excess / slope
      candidate = newton >= low && newton <= high ? newton : (low + high) / 2
    }
    logNoise = candidate
    return report(toleranceNats: toleranceNats, logNoise: candidate)
  }

  /// Moves every layer to its best prior at a noise level.
  ///
  /// - Returns: the predicted rise over all layers, nats, and d ln rise / d ln β, in [½, 1].
  private mutating func settle(at logNoise: Double) -> (rise: Double, slope: Double) {
    var rise = 0.0
    var change = 0.0
    for (l, bank) in banks.enumerated() {
      guard let bank = bank.value else { continue }
      var start = bank.guess(logNoise: logNoise)
      if let root = roots[l], let last = self.logNoise {
        start = root.u - (logNoise - last) / root.slope
      }
      let root = bank.solve(logNoise: logNoise, from: start)
      roots[l] = root
      let part = exp(logNoise) / 2 * bank.count * root.signal
      rise += part
      change += part / root.slope
    }
    self.logNoise = logNoise
    return (rise, change / rise)
  }

  private func report(toleranceNats: Double, logNoise: Double) -> Measured<WeightInformation> {
    let beta = exp(logNoise)
    var total = 0.0
    var rise = 0.0
    var reported: [WeightInformation.Layer] = []
    for (l, layer) in layers.enumerated() {
      guard let bank = banks[l].value, let root = roots[l] else {
        reported.append(
          WeightInformation.Layer(
            name: layer.name, parameters: layer.parameters, informationBits: 0, noiseBudget: nil,
            priorVariance: nil, predictedRise: 0, reason: banks[l].reason))
        continue
      }
      let prior = exp(logNoise + root.u)
      let means = bank.means(logRatio: root.u)
      let bits = bank.logSum(logRatio: root.u) / 2 / M_LN2
      let part = beta / 2 * bank.count * means.signal
      let budget = (prior * means.noise / bank.meanSquare).squareRoot()
      guard bits.isFinite, prior.isFinite, budget.isFinite, part.isFinite else {
        return .absent("not finite in \(layer.name)")
      }
      total += bits
      rise += part
      reported.append(
        WeightInformation.Layer(
          name: layer.name, parameters: layer.parameters, informationBits: bits,
          noiseBudget: budget, priorVariance: prior, predictedRise: part, reason: nil))
    }
    return .known(
      WeightInformation(
        toleranceNats: toleranceNats, beta: beta, predictedRise: rise, informationBits: total,
        layers: reported))
  }
}
