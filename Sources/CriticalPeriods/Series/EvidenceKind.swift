/// What a series was measured from; it bounds what may be decided.
public enum EvidenceKind: String, Sendable, Hashable, CaseIterable {
  /// Fisher information on a probe: every state can be reached.
  case probe
  /// Windowed second moments of the optimizer: every state, with wider doubt, because there are no
  /// per-example values and nothing tells a fall by confidence from another.
  case optimizer
  /// Norms and update shares only: never beyond `acquiring` or `ambiguous`, and never an alert.
  case weights
}
