// What a worker takes from itself before it reads a byte: memory, core files, new files, rank.
// posix_spawn cannot do it for the child.

public import Diagnostics
internal import Glibc
internal import Watching

/// Limits of the process that parses a checkpoint.
public enum WorkerLimits {
  /// What one thread needs: OpenBLAS asks for so much room for each when it first multiplies, and asks for ever
  /// where it gets none.
  private static let mebibytesPerThread = 144
  private static let mebibytesBeside = 192
  /// The least limit that leaves room for one thread.
  public static let leastMebibytes = 384

  /// How many threads fit into a limit, at most as many as are wanted.
  public static func threads(wanted: Int, memoryLimitMebibytes limit: Int) -> Int {
    min(wanted, max((limit - mebibytesBeside) / mebibytesPerThread, 1))
  }

  /// Applies the limits to this process; they cannot be taken back.
  ///
  /// The memory limit is RLIMIT_DATA: private writable memory, which is what tensors need.
  /// RLIMIT_AS would count address space that OpenBLAS, thread stacks and the allocator's arenas
  /// reserve and never touch.
  ///
  /// - Throws: `limit-refused` when the system does not take one.
  public static func apply(memoryLimitMebibytes: Int) throws(Problem) {
    // First, since a thread's stack is memory too.
    try endWithParent()
    let (bytes, overflow) = UInt(max(0, memoryLimitMebibytes)).multipliedReportingOverflow(
      by: 1_048_576)
    if !overflow, bytes > 0 { try set(Int32(RLIMIT_DATA.rawValue), rlim_t(bytes), "RLIMIT_DATA") }
    try set(Int32(RLIMIT_CORE.rawValue), 0, "RLIMIT_CORE")
    // What is said may go to a file when a person runs a worker.
    if ![STDOUT_FILENO, STDERR_FILENO].contains(where: isRegularFile) {
      try set(Int32(RLIMIT_FSIZE.rawValue), 0, "RLIMIT_FSIZE")
    }
    // All files of a checkpoint are open at once, so that rotation cannot take one: one or more per
    // process of a large job.
    try set(Int32(RLIMIT_NOFILE.rawValue), 65_536, "RLIMIT_NOFILE")
    // Both are courtesy: the trainer comes first, and if memory runs out we are the first to go.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
    let score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
    if score >= 0 {
      _ = write(score, "1000", 4)
      close(score)
    }
  }

  /// A worker whose daemon was killed works for nobody. PR_SET_PDEATHSIG cannot be called from
  /// Swift, so a thread looks once a second.
  private static func endWithParent() throws(Problem) {
    let parent = getppid()
    try DedicatedThread.start("parent") {
      while getppid() == parent { poll(nil, 0, 1_000) }
      _exit(Problem.Kind.tryAgain.rawValue)
    }
  }

  private static func isRegularFile(_ descriptor: Int32) -> Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  private static func set(_ resource: Int32, _ value: rlim_t, _ name: String) throws(Problem) {
    let which = __rlimit_resource_t(UInt32(resource))
    var limit = rlimit()
    guard getrlimit(which, &limit) == 0 else { throw refused(name) }
    limit.rlim_max = min(limit.rlim_max, value)
    limit.rlim_cur = limit.rlim_max
    guard setrlimit(which, &limit) == 0 else { throw refused(name) }
  }

  private static func refused(_ name: String) -> Problem {
    Problem(
      "limit-refused", at: name, "the system does not set it (\(String(cString: strerror(errno))))",
      remedy: "check the limits of the service manager", kind: .unavailable)
  }
}
