// What of reports/status.yaml tells whether the daemon that wrote it still stands behind it.

/// The beginning of the status document.
public struct StatusHead: Document {
  /// `plasticityd/status/v1`.
  public static var schema: String { "plasticityd/status/v1" }

  /// `running`, `stopping` or `stopped`.
  public var state: String
  /// The daemon's process.
  public var process: Int
}
