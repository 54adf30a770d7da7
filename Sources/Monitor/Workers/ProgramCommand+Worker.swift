// The command line of a worker: the very `plasticityd probe` that a person can run by hand.

internal import Glibc
internal import Ledger
internal import Watching

extension ProgramCommand {
  /// The options of `probe` for a checkpoint; `--kept` asks for the evidence that later comparisons
  /// need.
  static func options(
    for job: Job, standing: Standing, _ configuration: Configuration
  ) -> [String] {
    var arguments = ["--kept"]
    // As one argument, since a run's name may look like an option.
    func add(_ option: String, _ value: (some CustomStringConvertible)?) {
      if let value { arguments.append("\(option)=\(value)") }
    }
    add("--probe", job.probe)
    add("--previous", standing.previous)
    add("--reference-entropy-bits", job.probe == nil ? nil : standing.referenceEntropyBits)
    add("--run", job.entry.run)
    let labels = job.settings.labels ?? configuration.labels
    if labels != .auto { add("--labels", labels.rawValue) }
    arguments += job.settings.training.options
    add("--draws", configuration.draws)
    add("--seed", configuration.seed)
    add("--tolerance-nats", configuration.toleranceNats)
    add("--precision", configuration.precision)
    add("--seconds", configuration.probeSeconds)
    add("--threads", configuration.worker.threads)
    add("--memory-limit-mebibytes", configuration.worker.memoryLimitMebibytes)
    return arguments
  }

  /// As little as a worker needs: nothing of the daemon's own environment but where libraries are
  /// and which kernels OpenBLAS is told to use.
  public static func environment() -> [String: String] {
    var environment = [
      "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1",
      // Large pages, and one heap for all threads: arrays are touched for the first time throughout
      // a worker's short life, and page by page that is an eighth of its processor time.
      "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1",
      // The backtracer would start a process and read our memory for minutes.
      "SWIFT_BACKTRACE": "enable=no",
    ]
    for name in ["LD_LIBRARY_PATH", "OPENBLAS_CORETYPE"] {
      if let value = getenv(name) { environment[name] = String(cString: value) }
    }
    return environment
  }

  /// The path of the running program, also after it was replaced by an upgrade.
  public static func ownExecutable() -> String {
    guard let linked = realpath("/proc/self/exe", nil) else { return fromLink() }
    defer { free(linked) }
    return String(cString: linked)
  }

  /// After an upgrade the link leads nowhere, and says where the file was.
  private static func fromLink() -> String {
    var buffer = [CChar](repeating: 0, count: 4_096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { return "/usr/bin/plasticityd" }
    let path = String(
      decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let mark = " (deleted)"
    return path.hasSuffix(mark) ? String(path.dropLast(mark.count)) : path
  }
}
