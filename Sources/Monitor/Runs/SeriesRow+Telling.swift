// Which of two files with the same weights speaks for them: a trainer may write the bare weights beside the whole
// checkpoint.

import Reports

extension SeriesRow {
  private enum Fact { case rate, loss, accuracy, epoch, moments }

  private var told: Set<Fact> {
    let facts: [(Fact, Bool)] = [
      (.rate, learningRate != nil), (.loss, loss != nil), (.accuracy, accuracy != nil),
      (.epoch, epoch != nil), (.moments, kept.moments != nil),
    ]
    return Set(facts.filter(\.1).map(\.0))
  }

  /// Whether it tells all of training that the same weights in another file do, and more, of the same step.
  func tellsMore(than other: SeriesRow) -> Bool {
    step == other.step && told.isStrictSuperset(of: other.told)
  }
}
