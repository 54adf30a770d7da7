/// A change of state that a person is told of.
public struct Transition: Sendable, Hashable {
  /// The state entered: `peaked`, `closed` or `reopened`.
  public var state: PeriodState
  /// Which time that is in its segment, from 1.
  public var occurrence: Int
  /// The judgement that entered it.
  public var judgement: Judgement

  /// Creates a transition.
  public init(state: PeriodState, occurrence: Int = 1, judgement: Judgement) {
    self.state = state
    self.occurrence = occurrence
    self.judgement = judgement
  }
}

/// The changes of state worth an alert: in each segment the first peak (which shares that have settled already are
/// past: `consolidating`), and each time that the period is closed
/// or opened again. A pure function of the judgements, so that the same series gives the same alerts whenever
/// it is asked.
public func transitions(from judgements: [Judgement]) -> [Transition] {
  var occurrences: [PeriodState: Int] = [:]
  var decided: PeriodState?
  var previous: Judgement?
  var found: [Transition] = []
  for judgement in judgements {
    defer { previous = judgement }
    if judgement.segment != previous?.segment { (occurrences, decided) = ([:], nil) }
    let state: PeriodState
    let isNew: Bool
    switch judgement.state {
    case .peaked, .consolidating:
      state = .peaked
      isNew =
        occurrences[.peaked] == nil
        && (judgement.state == .peaked || decided == nil && judgement.peak != nil)
    case .closed, .reopened:
      state = judgement.state
      isNew = decided != state
      decided = state
    case .waiting, .acquiring, .ambiguous: continue
    }
    // A state carried over into a resumed segment was said already.
    guard isNew, previous?.state != judgement.state else { continue }
    occurrences[state, default: 0] += 1
    found.append(
      Transition(state: state, occurrence: occurrences[state] ?? 1, judgement: judgement))
  }
  return found
}
