// What a process takes from itself for good before it reads the first byte of a file that somebody
// else wrote (reliability.md §5.5): rights, other files, system calls.

internal import CSandbox

/// What holds of the sandbox around this process.
public struct Confinement: Sendable, Hashable {
  /// The version of Landlock by which other files are out of reach; 0 where the kernel has none.
  public var landlockVersion = 0
  /// Whether all but the system calls of reading and computing are refused.
  public var filtersCalls = false
  /// Whether programs get no rights that this process lacks.
  public var refusesNewPrivileges = false

  /// Nothing holds.
  public init() {}

  /// Confines this process to reading these files, and what lies below the folders among them.
  ///
  /// What the kernel does not have is left out: reading goes on with what holds. It cannot be taken
  /// back. Paths that do not exist are passed over, and a path's last component is not followed
  /// when it is a link. Tens of microseconds. POSIX threads go on as before; tasks do not, since
  /// libdispatch reads in /proc how its threads are and ends the process when it cannot.
  ///
  /// - Returns: what holds from now on.
  public static func apply(reading paths: [String]) -> Confinement {
    var confinement = Confinement()
    guard sb_refuse_new_privileges() == 0 else { return confinement }
    confinement.refusesNewPrivileges = true
    let version = Int(sb_landlock_version())
    let failure = withCStrings(paths) { sb_restrict_files($0, paths.count) }
    if failure == 0 { confinement.landlockVersion = version }
    confinement.filtersCalls = sb_filter_calls() == 0
    return confinement
  }

  /// Takes away more: of the files that `apply` has left, this thread and those that it starts from
  /// now on read only these. Where the kernel has no Landlock nothing changes.
  public static func narrow(toReading paths: [String]) {
    _ = withCStrings(paths) { sb_restrict_files($0, paths.count) }
  }

  /// What `apply` would find to hold; nothing is changed.
  public static var available: Confinement {
    var confinement = Confinement()
    confinement.landlockVersion = Int(sb_landlock_version())
    confinement.filtersCalls = sb_can_filter_calls() != 0
    confinement.refusesNewPrivileges = true
    return confinement
  }

  private static func withCStrings(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Int32
  ) -> Int32 {
    // One text after another, each ended by 0.
    var text: [CChar] = []
    var starts: [Int] = []
    for string in strings {
      starts.append(text.count)
      text += string.utf8CString
    }
    return text.withUnsafeBufferPointer { text in
      let pointers = starts.map { start in text.baseAddress.map { $0 + start } }
      return pointers.withUnsafeBufferPointer { pointers in
        pointers.baseAddress.map(body) ?? 0
      }
    }
  }
}

extension Confinement: CustomStringConvertible {
  /// For a log: `landlock 7, system-call filter`.
  public var description: String {
    let files = landlockVersion > 0 ? "landlock \(landlockVersion)" : "no landlock"
    return "\(files), \(filtersCalls ? "" : "no ")system-call filter"
  }
}
