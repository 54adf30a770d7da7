// What is kept of one reported checkpoint.

/// One point of a run's series.
public struct StoredMeasurement: Sendable, Hashable {
  /// The run.
  public let run: String
  /// The identity of the content, unique in its run.
  public let digest: String
  /// The training step, when known.
  public let step: Int?
  /// The epoch, when known.
  public let epoch: Double?
  /// Where the content was first found.
  public let path: String
  /// Where its report is.
  public let reportPath: String
  /// What the caller keeps of it, for example the numbers the series is made of.
  public let document: [UInt8]

  /// Creates a measurement to be stored.
  public init(
    run: String, digest: String, step: Int?, epoch: Double?, path: String, reportPath: String,
    document: [UInt8]
  ) {
    self.run = run
    self.digest = digest
    self.step = step
    self.epoch = epoch
    self.path = path
    self.reportPath = reportPath
    self.document = document
  }
}

/// What storing a measurement came to.
public enum Recorded: Sendable, Hashable {
  /// A new point of the series.
  case added
  /// The run has this content already, from another path, which is now an alias.
  case alias
  /// The run has this content already, from this path or an alias.
  case repeated
}

/// An alert that waits to be written, or was.
public struct StoredAlert: Sendable, Hashable {
  /// Its name, made of what it says, so that the same alert is one alert.
  public let id: String
  /// The run it is about.
  public let run: String
  /// The document.
  public let document: [UInt8]
}
