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
  /// One independent output, weighing its variance: exact Fisher, and the Jacobian.
  case output(Int)
  /// Random signs times the deviations of independent outputs: the Fisher.
  case signedOutputs(draw: Int, of: Int)
  /// Target − mean of independent outputs: the empirical Fisher.
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
    if case .independent(let family) = labels.task.likelihood {
      switch plan {
      case .exact: rows = (0..<classes).map { .output($0) }
      case .sampled(let draws, _):
        rows = (0..<max(draws, 1)).map { .signedOutputs(draw: $0, of: max(draws, 1)) }
        // Signs alone measure the Jacobian of outputs of unit variance.
        if family != .gaussian, jacobian { rows.append(.signs) }
      }
      if empirical, labels.isLabelled { rows.append(.residual) }
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
    let fusedEmpirical = fused && plan == .exact && labels.positions == 1
    if empirical, labels.isLabelled, !fusedEmpirical { rows.append(.trueScore) }
    return rows
  }

  /// What the squared gradient along this row is multiplied by in the Jacobian trace.
  func jacobianShare(_ labels: ProbeLabels) -> Double {
    switch self {
    case .signs, .output: 1 / Double(labels.classes)
    case .signedOutputs(_, let draws):
      labels.task == .regression ? 1 / Double(draws * labels.classes) : 0
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

  /// What the squared gradient along this row is multiplied by in the Fisher trace of an example.
  func fisherShare(_ block: BlockOutputs, _ labels: ProbeLabels, local: Int) -> Float {
    switch self {
    case .classScore(let c, let position):
      block.distribution.map {
        $0.probabilities[(local * labels.logitRows + position) * $0.classes + c]
      } ?? 0
    case .drawnScore(_, let draws, _), .signedOutputs(_, let draws): 1 / Float(draws)
    case .output(let o): block.variances[local * labels.classes + o]
    case .trueScore, .signs, .residual: 0
    }
  }

  /// Fills one example's cotangent, which is zero on entry and stays so where positions do not count.
  ///
  /// - Parameters:
  ///   - cotangent: the shape of one example's output.
  ///   - local: the example's index in its block.
  ///   - example: its index in the probe.
  func fill(
    _ cotangent: UnsafeMutableBufferPointer<Float>, local: Int, example: Int,
    block: BlockOutputs, labels: ProbeLabels, draws: ProbeDraws
  ) {
    switch labels.task.likelihood {
    case .independent(let family):
      fillOutputs(
        cotangent, family, local: local, example: example, block: block, labels: labels,
        draws: draws)
    case .categorical where labels.task == .segmentation:
      // Rows are written one after another, then taken apart: classes come before pixels.
      withUnsafeTemporaryAllocation(of: Float.self, capacity: cotangent.count) { rows in
        rows.initialize(repeating: 0)
        fillRows(
          rows, local: local, example: example, block: block, labels: labels, draws: draws)
        for position in 0..<labels.positions {
          for c in 0..<labels.classes {
            cotangent[labels.offset(position: position, class: c)] =
              rows[position * labels.classes + c]
          }
        }
      }
    case .categorical:
      fillRows(
        cotangent, local: local, example: example, block: block, labels: labels, draws: draws)
    }
  }

  private func fillRows(
    _ rows: UnsafeMutableBufferPointer<Float>, local: Int, example: Int, block: BlockOutputs,
    labels: ProbeLabels, draws: ProbeDraws
  ) {
    guard let distribution = block.distribution else { return }
    let classes = labels.classes
    let first = local * labels.logitRows
    func forEachCounted(_ body: (Int, UnsafeMutableBufferPointer<Float>) -> Void) {
      for position in 0..<labels.positions
      where labels.isCounted(example: example, position: position) {
        let range = position * classes..<(position + 1) * classes
        body(position, UnsafeMutableBufferPointer(rebasing: rows[range]))
      }
    }
    switch self {
    case .classScore(let c, let only):
      forEachCounted { position, row in
        guard position == only else { return }
        distribution.addScore(row: first + position, label: c, into: row)
      }
    case .drawnScore(let draw, _, .signs):
      forEachCounted { position, row in
        distribution.addSignedScore(
          row: first + position, into: row, draws: draws, example: example, position: position,
          draw: draw)
      }
    case .drawnScore(let draw, _, .labels):
      forEachCounted { position, row in
        let uniform = draws.uniform(.label, example: example, position: position, draw: draw)
        let label = distribution.inverted(row: first + position, uniform: uniform)
        distribution.addScore(row: first + position, label: label, into: row)
      }
    case .trueScore:
      forEachCounted { position, row in
        guard let label = labels.label(example: example, position: position) else { return }
        distribution.addScore(row: first + position, label: label, into: row)
      }
    case .signs:
      draws.forEachSign(.jacobian, count: labels.positions * classes, example: example) {
        if labels.isCounted(example: example, position: $0 / classes) { rows[$0] = $1 }
      }
    case .output, .signedOutputs, .residual: break
    }
  }

  private func fillOutputs(
    _ cotangent: UnsafeMutableBufferPointer<Float>, _ family: OutputFamily, local: Int,
    example: Int, block: BlockOutputs, labels: ProbeLabels, draws: ProbeDraws
  ) {
    let first = local * labels.classes
    func isCounted(_ o: Int) -> Bool { labels.isCounted(example: example, output: o) }
    switch self {
    case .output(let o): cotangent[o] = isCounted(o) ? 1 : 0
    case .signedOutputs(let draw, _):
      draws.forEachSign(.score, count: labels.classes, example: example, draw: draw) { o, sign in
        cotangent[o] = sign * block.variances[first + o].squareRoot()
      }
    case .signs:
      draws.forEachSign(.jacobian, count: labels.classes, example: example) { o, sign in
        if isCounted(o) { cotangent[o] = sign }
      }
    case .residual:
      guard let values = labels.values else { return }
      for o in 0..<labels.classes where isCounted(o) {
        cotangent[o] = family.score(
          values[example * labels.classes + o], block.outputs[first + o])
      }
    case .classScore, .drawnScore, .trueScore: break
    }
  }
}
