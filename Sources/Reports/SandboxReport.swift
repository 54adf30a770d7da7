// What a worker had taken from itself before it read the checkpoint (reliability.md §5.5).

/// The sandbox around a measurement.
public struct SandboxReport: Codable, Sendable, Hashable, FlowStyled {
  /// The kernel's Landlock version, by which other files were out of reach; 0: by nothing.
  public var landlockVersion: Int
  /// Whether all system calls but those of reading and computing were refused.
  public var systemCallFilter: Bool
  /// Whether programs could have got no rights that the worker lacked.
  public var noNewPrivileges: Bool

  /// States what held.
  public init(landlockVersion: Int, systemCallFilter: Bool, noNewPrivileges: Bool) {
    self.landlockVersion = landlockVersion
    self.systemCallFilter = systemCallFilter
    self.noNewPrivileges = noNewPrivileges
  }
}
