// What one backward row asks of an example's outputs, and what its squared gradient counts for.

/// One cotangent of an example: a direction in its outputs, and the shares of the squared
/// parameter gradient along it in each quantity.
enum CotangentRow: Sendable {
  /// ∇_z ln p(class) at one position, weighing p(class): exact Fisher, class by class.
  case classScore(Int, position: Int)
  /// A drawn score: a random direction in the logits with mean zero and the covariance of
  /// ∇_z ln p(label), at every position at once.
  case drawnScore(draw: Int, of: Int, by: ScoreSampling)
  /// ∇_z ln p(true label), summed over positions: the empirical Fisher.
  case trueScore
  /// Random signs over all measured logits: the Jacobian.
  case signs
  /// One output of a regression: exact Fisher and Jacobian.
  case output(Int)
  /// Random signs over the outputs of a regression: Fisher and Jacobian.
  case signedOutputs(draw: Int, of: Int)
  /// Target − output of a regression: the empirical Fisher.
  case residual

  /// The rows that measure a task under a plan, those of the Fisher information first, apart from
  /// what `ExactClasses` does in one.
  static func rows(
    _ labels: ProbeLabels, estimator: FisherEstimator, fused: Bool
  ) -> [CotangentRow] {
    let plan = estimator.labels
    let empirical = estimator.measuresEmpirical
    let jacobian = estimator.measuresJacobian
    var rows: [CotangentRow] = []
    let classes = labels.classes
    if labels.task == .regression {
      switch plan {
      case .exact: rows = (0..<classes).map { .output($0) }
      case .sampled(let draws, _):
        rows = (0..<max(draws, 1)).map { .signedOutputs(draw: $0, of: max(draws, 1)) }
      }
      if empirical, labels.values != nil { rows.append(.residual) }
      return rows
    }
    switch plan {
    case .exact:
      if !fused {
        for position in 0..<labels.positions {
          rows += (0..<classes).map { .classScore($0, position: position) }
        }
        if jacobian { rows.append(.signs) }
      }
    case .sampled(let draws, _):
      rows = (0..<max(draws, 1)).map {
        .drawnScore(draw: $0, of: max(draws, 1), by: estimator.sampling)
      }
      if jacobian { rows.append(.signs) }
    }
    // The fused kernel has each label's gradient only one position at a time.
    let fusedEmpirical = fused && plan == .exact && labels.task == .classification
    if empirical, labels.labels != nil, !fusedEmpirical { rows.append(.trueScore) }
    return rows
  }

  /// What the squared gradient along this row is multiplied by in the Jacobian trace.
  func jacobianShare(_ labels: ProbeLabels) -> Double {
    switch self {
    case .signs, .output: 1 / Double(labels.classes)
    case .signedOutputs(_, let draws): 1 / Double(draws * labels.classes)
    case .classScore, .drawnScore, .trueScore, .residual: 0
    }
  }

  /// Whether the squared gradient along this row is part of the Fisher information.
  var isFisher: Bool {
    switch self {
    case .classScore, .drawnScore, .output, .signedOutputs: true
    case .trueScore, .signs, .residual: false
    }
  }

  /// Whether the row is drawn, and the number of its draw even.
  var isEvenDraw: Bool {
    switch self {
    case .drawnScore(let draw, _, _), .signedOutputs(let draw, _): draw % 2 == 0
    default: false
    }
  }

  /// Whether the squared gradient along this row is the empirical Fisher.
  var isEmpirical: Bool {
    switch self {
    case .trueScore, .residual: true
    default: false
    }
  }

  /// What the squared gradient along this row is multiplied by in the Fisher trace; `row` is the
  /// example's first row of the distribution.
  func fisherShare(_ distribution: ClassDistribution?, row: Int) -> Float {
    switch self {
    case .classScore(let c, let position):
      if let distribution {
        distribution.probabilities[(row + position) * distribution.classes + c]
      } else {
        0
      }
    case .drawnScore(_, let draws, _), .signedOutputs(_, let draws): 1 / Float(draws)
    case .output: 1
    case .trueScore, .signs, .residual: 0
    }
  }

  /// Fills one example's cotangent, which is zero on entry.
  ///
  /// - Parameters:
  ///   - cotangent: the shape of one example's output.
  ///   - local: the example's index in its block.
  ///   - example: its index in the probe.
  func fill(
    _ cotangent: UnsafeMutableBufferPointer<Float>, local: Int, example: Int,
    block: BlockOutputs, labels: ProbeLabels, draws: ProbeDraws
  ) {
    let classes = labels.classes
    let firstRow = local * labels.logitRows
    func row(_ position: Int) -> UnsafeMutableBufferPointer<Float> {
      UnsafeMutableBufferPointer(rebasing: cotangent[position * classes..<(position + 1) * classes])
    }
    switch self {
    case .classScore(let c, let position):
      block.distribution?.addScore(row: firstRow + position, label: c, into: row(position))
    case .drawnScore(let draw, _, .signs):
      for position in 0..<labels.positions {
        block.distribution?.addSignedScore(
          row: firstRow + position, into: row(position), draws: draws, example: example,
          position: position, draw: draw)
      }
    case .drawnScore(let draw, _, .labels):
      guard let distribution = block.distribution else { return }
      for position in 0..<labels.positions {
        let uniform = draws.uniform(.label, example: example, position: position, draw: draw)
        let label = distribution.inverted(row: firstRow + position, uniform: uniform)
        distribution.addScore(row: firstRow + position, label: label, into: row(position))
      }
    case .trueScore:
      for position in 0..<labels.positions {
        guard let label = labels.label(example: example, position: position) else { return }
        block.distribution?.addScore(row: firstRow + position, label: label, into: row(position))
      }
    case .signs:
      draws.forEachSign(.jacobian, count: labels.positions * classes, example: example) {
        cotangent[$0] = $1
      }
    case .output(let o):
      cotangent[o] = 1
    case .signedOutputs(let draw, _):
      draws.forEachSign(.score, count: classes, example: example, draw: draw) {
        cotangent[$0] = $1
      }
    case .residual:
      guard let values = labels.values else { return }
      for o in 0..<classes {
        cotangent[o] = values[example * classes + o] - block.outputs[local * classes + o]
      }
    }
  }
}
