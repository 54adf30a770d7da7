/// What a checkpoint of a run is measured against: what its worker is told of those before it.
public struct Standing: Sendable, Hashable {
  /// Where the checkpoint before it lies; nil when there is none or it is gone.
  public var previous: String?
  /// The mean entropy of the prediction, bits, at the run's reference checkpoint, that with the
  /// largest trace before this one; nil when none was measured with a probe.
  public var referenceEntropyBits: Double?

  /// States it.
  public init(previous: String? = nil, referenceEntropyBits: Double? = nil) {
    self.previous = previous
    self.referenceEntropyBits = referenceEntropyBits
  }

  /// The same without a checkpoint before that is not there any more.
  func keepingPrevious(where isThere: (String) -> Bool) -> Standing {
    var standing = self
    if let previous, !isThere(previous) { standing.previous = nil }
    return standing
  }
}
