// How much of a file may be held at once. A worker that may allocate only so much is ended by the
// allocation that fails, which no one can catch: what claims too much is refused before.
internal import Diagnostics
internal import Glibc

enum MemoryAllowance {
  /// A quarter of what this process may allocate: what is read of the bytes takes room too.
  static let bytes: Int = {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_DATA.rawValue)), &limit) == 0 else {
      return .max
    }
    return Int(clamping: limit.rlim_cur) / 4
  }()

  /// Errors: `memory-limit`.
  static func check(_ wanted: Int, at place: String) throws(Problem) {
    guard wanted <= bytes else {
      throw Problem(
        "memory-limit", at: place,
        "\(wanted) bytes are needed at once, of which this process may take \(bytes)",
        remedy: "raise worker.memory_limit_mebibytes if the file is to be trusted")
    }
  }
}
