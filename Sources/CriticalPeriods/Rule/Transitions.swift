/// A change of state that a person is told of.
public struct Transition: Sendable, Hashable {
  /// The state entered: `peaked`, `closed` or `reopened`.
  public var state: PeriodState
  /// The judgement that entered it.
  public var judgement: Judgement

  /// Creates a transition.
  public init(state: PeriodState, judgement: Judgement) {
    self.state = state
    self.judgement = judgement
  }
}

/// The changes of state worth an alert: the first entry into `peaked`, `closed` and `reopened` in
/// each segment. A pure function of the judgements, so that the same series gives the same alerts
/// whenever it is asked.
public func transitions(from judgements: [Judgement]) -> [Transition] {
  struct Key: Hashable {
    let segment: Int
    let state: PeriodState
  }
  var said: Set<Key> = []
  var previous: Judgement?
  var found: [Transition] = []
  for judgement in judgements {
    defer { previous = judgement }
    switch judgement.state {
    case .peaked, .closed, .reopened: break
    case .waiting, .acquiring, .consolidating, .ambiguous: continue
    }
    // A state carried over into a resumed segment was said already.
    if previous?.state == judgement.state { continue }
    if said.insert(Key(segment: judgement.segment, state: judgement.state)).inserted {
      found.append(Transition(state: judgement.state, judgement: judgement))
    }
  }
  return found
}
