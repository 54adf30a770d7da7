// reports/<run>/rejected-<name>-<id>.yaml: one per checkpoint that could not be reported.

/// Why a checkpoint has no report. It holds no measurement.
public struct RejectedReport: Codable, Sendable {
  /// `rejected`.
  public var status = "rejected"
  /// The run's name.
  public var run: String
  /// Where the checkpoint is.
  public var path: String
  /// The stable code of the problem.
  public var code: String
  /// `code: where: what; what to do`.
  public var reason: String
  /// Workers that were started on it.
  public var attempts: Int

  /// Creates a rejection.
  public init(run: String, path: String, code: String, reason: String, attempts: Int) {
    self.run = run
    self.path = path
    self.code = code
    self.reason = reason
    self.attempts = attempts
  }
}
