// The predictive distributions of a block: softmax of its logits, kept accurate at both ends.
internal import CKernels

/// Softmax of `rows` rows of logits, with what cancels when computed from the probabilities.
struct ClassDistribution: Sendable {
  let rows: Int
  let classes: Int
  /// `[rows, classes]`, each with float32's relative accuracy however small.
  let probabilities: [Float]
  /// Index of the largest logit of each row, the first of equals.
  let top: [Int]
  /// 1 − p_top of each row, summed from the other classes.
  let complement: [Double]
  /// Σ p(1 − p) of each row.
  let confidence: [Double]
  /// −Σ p ln p of each row, nats.
  let entropy: [Double]
  private let logits: [Float]
  private let logNormaliser: [Double]

  /// - Parameter logits: `[rows, classes]`.
  init(logits: [Float], classes: Int) {
    let rows = classes > 0 ? logits.count / classes : 0
    self.rows = rows
    self.classes = classes
    self.logits = logits
    var probabilities = [Float](repeating: 0, count: rows * classes)
    var summaries: [ck_softmax] = []
    summaries.reserveCapacity(rows)
    logits.withUnsafeBufferPointer { z in
      probabilities.withUnsafeMutableBufferPointer { p in
        guard let z = z.baseAddress, let p = p.baseAddress else { return }
        for row in 0..<rows {
          summaries.append(ck_softmax_row(z + row * classes, classes, p + row * classes))
        }
      }
    }
    self.probabilities = probabilities
    top = summaries.map { Int($0.top) }
    complement = summaries.map(\.complement)
    confidence = summaries.map(\.confidence)
    entropy = summaries.map(\.entropy)
    logNormaliser = summaries.map(\.log_normaliser)
  }

  /// −ln p(label) of a row, nats.
  func loss(row: Int, label: Int) -> Double {
    let base = row * classes
    return logNormaliser[row] - (Double(logits[base + label]) - Double(logits[base + top[row]]))
  }

  /// The class at which the cumulative distribution, in class order, passes `uniform`.
  func inverted(row: Int, uniform: Double) -> Int {
    let base = row * classes
    var total = 0.0
    for c in 0..<classes { total += Double(probabilities[base + c]) }
    let goal = uniform * total
    var sum = 0.0
    var last = 0
    for c in 0..<classes {
      let p = Double(probabilities[base + c])
      sum += p
      // A class of probability zero is never drawn, also not when rounding passes the end.
      if p > 0 { last = c }
      if sum > goal { return c }
    }
    return last
  }

  /// Adds e_label − p, the gradient of ln p(label) by the logits, to a row of cotangents.
  func addScore(row: Int, label: Int, into cotangent: UnsafeMutableBufferPointer<Float>) {
    let base = row * classes
    for c in 0..<classes {
      if c == label {
        // 1 − p without cancellation when the label is the confident one.
        let rest = c == top[row] ? Float(complement[row]) : 1 - probabilities[base + c]
        cotangent[c] += rest
      } else {
        cotangent[c] -= probabilities[base + c]
      }
    }
  }

  /// Adds (√p∘r) − p⟨√p, r⟩ with random signs r, whose covariance over r is diag(p) − ppᵀ, that of
  /// the gradient of ln p(label) by the logits over labels.
  func addSignedScore(
    row: Int, into cotangent: UnsafeMutableBufferPointer<Float>, draws: ProbeDraws, example: Int,
    position: Int, draw: Int
  ) {
    let words = draws.signs(
      .score, count: classes, example: example, position: position, draw: draw)
    let base = row * classes
    probabilities.withUnsafeBufferPointer { p in
      guard let p = p.baseAddress, let cotangent = cotangent.baseAddress else { return }
      ck_signed_score(p + base, classes, top[row], complement[row], words, cotangent)
    }
  }
}
