import Glibc

/// How well one method named the ends of labelled series.
public struct MethodScore: Sendable {
  /// What a method said of one series.
  public struct Row: Sendable {
    /// The series.
    public var series: LabelledSeries
    /// The end it named, if any.
    public var decision: DetectedEnd?

    /// log2(decided/labelled); nil without a decision or an end.
    public var error: Double? {
      guard let decision, case .end(let step, _) = series.label, step > 0, decision.step > 0 else {
        return nil
      }
      return log2(Double(decision.step) / step)
    }

    /// Distance in log2 to the label's interval; 0 inside.
    public var errorBeyondInterval: Double? {
      guard let error, let decision, case .end(_, let interval) = series.label else { return nil }
      guard let interval, interval.upperBound > 0 else { return abs(error) }
      let step = Double(decision.step)
      if step < interval.lowerBound { return log2(interval.lowerBound / step) }
      return step > interval.upperBound ? log2(step / interval.upperBound) : 0
    }

    /// Steps from the labelled end to the checkpoint at which it was said, as a part of the end;
    /// negative when it was said before.
    public var delay: Double? {
      guard let decision, case .end(let step, _) = series.label, step > 0 else { return nil }
      return (Double(decision.decidedAtStep) - step) / step
    }

    /// The same from the end that the method named.
    public var delayFromOwn: Double? {
      decision.flatMap { decision in
        decision.step > 0
          ? Double(decision.decidedAtStep - decision.step) / Double(decision.step) : nil
      }
    }
  }

  /// The method.
  public var method: String
  /// One row per series.
  public var rows: [Row]

  /// A method's decisions on some series.
  public init(method: String, rows: [Row]) {
    self.method = method
    self.rows = rows
  }

  /// The series with a known end.
  public var labelled: [Row] {
    rows.filter { if case .end = $0.series.label { true } else { false } }
  }
  /// Ends named where there is none.
  public var falseEnds: [Row] { rows.filter { $0.series.label == .never && $0.decision != nil } }
  /// Ends named where nothing is known.
  public var unjudged: [Row] { rows.filter { $0.series.label == .unknown && $0.decision != nil } }

  /// Mean of |log2(decided/labelled)| over the decisions.
  public var meanError: Double? { mean(labelled.compactMap { $0.error.map(abs) }) }
  /// Mean distance to the label's interval over the decisions.
  public var meanErrorBeyondInterval: Double? { mean(labelled.compactMap(\.errorBeyondInterval)) }
  /// Mean delay after the label; being early counts as none.
  public var meanDelay: Double? { mean(labelled.compactMap { $0.delay.map { max($0, 0) } }) }
  /// Mean delay after the end that the method named.
  public var meanDelayFromOwn: Double? { mean(labelled.compactMap(\.delayFromOwn)) }
  /// Mean probability stated at the decisions.
  public var stated: Double? { mean(judgedStatements.map(\.stated)) }
  /// Mean probability, by the labels, that the period had ended then.
  public var observed: Double? { mean(judgedStatements.map(\.observed)) }
  /// The part of the labelled ends that lie in the stated interval.
  public var coverage: Double? {
    mean(
      labelled.compactMap { row in
        guard let interval = row.decision?.interval,
          let above = row.series.label.probability(before: Double(interval.upperBound)),
          let below = row.series.label.probability(before: Double(interval.lowerBound))
        else { return nil }
        return above - below
      })
  }

  private var judgedStatements: [(stated: Double, observed: Double)] {
    rows.compactMap { row in
      guard let decision = row.decision, let stated = decision.probability,
        let observed = row.series.label.probability(before: Double(decision.decidedAtStep))
      else { return nil }
      return (stated, observed)
    }
  }
}

private func mean(_ values: [Double]) -> Double? {
  values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
}
