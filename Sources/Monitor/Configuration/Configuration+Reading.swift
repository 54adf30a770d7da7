// config.yaml → Configuration. Every mistake is one line with file:line:column and exit code 78.

public import Diagnostics
internal import Pipeline
internal import Reports
internal import Watching
public import YAML

extension Configuration.WatchMode: Readable {}
extension Configuration.Labels: Readable {}
extension Log.Level: Readable {}

extension Configuration {
  /// Reads and checks a configuration.
  ///
  /// - Throws: a problem of the kind `.configuration`; `config-missing` when there is no such file.
  public static func load(_ path: String) throws(Problem) -> Configuration {
    let path = RealPath.absolute(path)
    return try read(try bytes(of: path), file: path)
  }

  /// The report folder that a configuration names, whatever else is wrong with it: the daemon goes on with the one
  /// before, and somebody asks how it is.
  ///
  /// - Throws: `config-missing`, or what keeps it from being read as a mapping.
  public static func reports(namedBy path: String) throws(Problem) -> String {
    let path = RealPath.absolute(path)
    let source = Source(file: path, kind: .configuration)
    var top = try MappingReader(try Node.parse(try bytes(of: path), source: source), source)
    return try folders(&top, Path.parent(path)).reports
  }

  private static func bytes(of path: String) throws(Problem) -> [UInt8] {
    let bytes: [UInt8]?
    do {
      // An administrator may have linked it; what it leads to must be a file.
      bytes = try DurableFile.read(
        RealPath.resolve(path), limit: Limits.configuration.bytes, on: PosixFileSystem())
    } catch {
      throw Problem(
        error.code, at: error.place, error.what, remedy: error.remedy, kind: .configuration)
    }
    guard let bytes else {
      throw Problem(
        "config-missing", at: path, "there is no such file",
        remedy: "write one; etc/config.yaml of the sources is an example with every key",
        kind: .configuration)
    }
    return bytes
  }

  private static func folders(
    _ top: inout MappingReader, _ folder: String
  ) throws(Problem) -> (state: String, reports: String) {
    let state = RealPath.resolve(
      Path.join(folder, try top.optional("state", default: "/var/lib/plasticityd")))
    let reports = RealPath.resolve(
      Path.join(state, try path(in: &top, "reports", relativeTo: folder) ?? "reports"))
    return (state, reports)
  }

  /// Reads and checks the text of a configuration; paths in it are relative to its folder.
  ///
  /// - Throws: as `load(_:)`.
  public static func read(_ bytes: [UInt8], file: String) throws(Problem) -> Configuration {
    let source = Source(file: file, kind: .configuration)
    let node = try Node.parse(bytes, source: source)
    var top = try MappingReader(node, source)
    let folder = Path.parent(file)
    let (state, reports) = try folders(&top, folder)
    let probes = try readProbes(&top, folder)
    let roots = try readRoots(&top, folder, probes)
    let scan = try readScan(&top)
    let worker = try readWorker(&top)
    let labels: Labels = try top.optional("labels", default: .auto)
    let draws = try whole(&top, "draws", ProbeSettings.possibleDraws)
    let seed: UInt64? = try top.optional("seed")
    let tolerance = try number(&top, "tolerance_nats", above: 0, upTo: 1e6)
    var precision: Double?
    var seconds: Double?
    if var budget = try top.optional("budget", as: MappingReader.self) {
      precision = try number(&budget, "precision", above: 0, upTo: 1e6)
      seconds = try number(&budget, "seconds", above: 0, upTo: 86_400)
      try budget.finish()
    }
    var alerts: AlertCommand?
    if var reader = try top.optional("alerts", as: MappingReader.self) {
      alerts = try AlertCommand.read(&reader, relativeTo: folder, roots: roots.map(\.root))
    }
    let level: Log.Level = try top.optional("log_level", default: .info)
    let allowsInsecure: Bool = try top.optional("allow_insecure_dirs", default: false)
    try top.finish()
    let configuration = Configuration(
      file: file, state: state, reports: reports, roots: roots.map(\.root), probes: probes,
      scan: scan, worker: worker, labels: labels, draws: draws, seed: seed,
      toleranceNats: tolerance, precision: precision, probeSeconds: seconds, alerts: alerts,
      logLevel: level)
    try FolderChecks.check(configuration, roots.map(\.mark), top)
    if !allowsInsecure { try FolderChecks.checkRights(configuration, top) }
    return configuration
  }

  private static func readProbes(
    _ top: inout MappingReader, _ folder: String
  ) throws(Problem) -> [String: String] {
    guard var reader = try top.optional("probes", as: MappingReader.self) else { return [:] }
    var probes: [String: String] = [:]
    for name in reader.keys {
      probes[name] = try probeFolder(
        Path.join(folder, try reader.required(name)), reader, key: name,
        remedy: "give the folder that holds graph.onnx and batch.npz")
    }
    return probes
  }

  /// A probe's folder, free of links; on a dead mount it is waited for only so long.
  private static func probeFolder(
    _ path: String, _ reader: MappingReader, key: String, remedy: String
  ) throws(Problem) -> String {
    let answer = BoundedCalls.ofConfiguration.answer {
      let folder = RealPath.resolve(path)
      return (folder: folder, isThere: RealPath.isDirectory(folder))
    }
    guard let answer else {
      throw reader.problem(
        "probe-unresponsive", key: key, "the folder \(path) does not answer",
        remedy: "bring its file system or server back, or leave the probe out")
    }
    guard answer.isThere else {
      throw reader.problem(
        "probe-missing", key: key, "there is no folder \(answer.folder)", remedy: remedy)
    }
    return answer.folder
  }

  private static func readRoots(
    _ top: inout MappingReader, _ folder: String, _ probes: [String: String]
  ) throws(Problem) -> [(root: Root, mark: Mark)] {
    let items = try top.required("roots", as: [MappingReader].self)
    guard !items.isEmpty else {
      throw top.problem(
        "no-roots", key: "roots", "no folder to watch is given",
        remedy: "add - path: /the/folder/your/training/writes/to")
    }
    var roots: [(root: Root, mark: Mark)] = []
    for var item in items {
      let written = Path.join(folder, try item.required("path"))
      // The mount that it lies on may be dead; the others are watched nevertheless.
      let path =
        BoundedCalls.ofConfiguration.answer { RealPath.resolve(written) }
        ?? RealPath.absolute(written)
      let name: String? = try item.optional("name")
      if let name, !isRunName(name) {
        throw item.problem(
          "bad-name", key: "name", "\"\(name)\" cannot name a run",
          remedy: "use names and slashes, without empty parts, \".\" and \"..\"")
      }
      var probe: String?
      if let word: String = try item.optional("probe") {
        probe = try probeFolder(
          probes[word] ?? Path.join(folder, word), item, key: "probe",
          remedy: "give a name of probes:, or the folder that holds graph.onnx and batch.npz")
      }
      let watch: WatchMode = try item.optional("watch", default: .auto)
      try item.finish()
      roots.append((Root(path: path, name: name, probe: probe, watch: watch), item.mark))
    }
    return roots
  }

  private static func readScan(_ top: inout MappingReader) throws(Problem) -> Scan {
    guard var reader = try top.optional("scan", as: MappingReader.self) else { return Scan() }
    let standard = Scan()
    let scan = Scan(
      intervalSeconds: try number(&reader, "interval_seconds", above: 0, upTo: 86_400)
        ?? standard.intervalSeconds,
      settleSeconds: try number(&reader, "settle_seconds", from: 0, upTo: 86_400),
      incompleteAfterSeconds: try number(&reader, "incomplete_after_seconds", from: 0, upTo: 1e9)
        ?? standard.incompleteAfterSeconds,
      maxDepth: try whole(&reader, "max_depth", 0...64) ?? standard.maxDepth,
      maxEntries: try whole(&reader, "max_entries", 1...10_000_000) ?? standard.maxEntries)
    try reader.finish()
    return scan
  }

  private static func readWorker(_ top: inout MappingReader) throws(Problem) -> Worker {
    guard var reader = try top.optional("worker", as: MappingReader.self) else { return Worker() }
    let standard = Worker()
    let worker = Worker(
      memoryLimitMebibytes: try whole(
        &reader, "memory_limit_mebibytes", WorkerLimits.leastMebibytes...1_048_576)
        ?? standard.memoryLimitMebibytes,
      timeoutSeconds: try number(&reader, "timeout_seconds", above: 0, upTo: 86_400)
        ?? standard.timeoutSeconds,
      threads: try whole(&reader, "threads", 1...1_024))
    try reader.finish()
    return worker
  }

  private static func path(
    in reader: inout MappingReader, _ key: String, relativeTo folder: String
  ) throws(Problem) -> String? {
    try reader.optional(key, as: String.self).map { Path.join(folder, $0) }
  }

  static func whole(
    _ reader: inout MappingReader, _ key: String, _ range: ClosedRange<Int>
  ) throws(Problem) -> Int? {
    guard let value: Int = try reader.optional(key) else { return nil }
    guard range.contains(value) else {
      throw reader.problem(
        "out-of-range", key: key,
        "expected an integer from \(range.lowerBound) to \(range.upperBound), found \(value)",
        remedy: "write a number in that range")
    }
    return value
  }

  static func number(
    _ reader: inout MappingReader, _ key: String, above: Double? = nil, from: Double? = nil,
    upTo: Double
  ) throws(Problem) -> Double? {
    guard let value: Double = try reader.optional(key) else { return nil }
    let isLarge = above.map { value > $0 } ?? from.map { value >= $0 } ?? true
    guard isLarge, value <= upTo else {
      let least = above.map { "above \($0)" } ?? "from \(from ?? 0)"
      throw reader.problem(
        "out-of-range", key: key, "expected a number \(least) to \(upTo), found \(value)",
        remedy: "write a number in that range")
    }
    return value
  }

  /// Whether the text may stand as a run's name, which is also a path below the reports' folder.
  static func isRunName(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return name.utf8.count <= 1024
      && parts.allSatisfy { !$0.isEmpty && $0.utf8.count <= 255 && !$0.hasPrefix(".") }
      && !name.utf8.contains(0)
  }
}

extension Configuration.Scan {
  init() {
    self.init(
      intervalSeconds: 60, settleSeconds: nil, incompleteAfterSeconds: 1_800, maxDepth: 8,
      maxEntries: 200_000)
  }
}

extension Configuration.Worker {
  init() { self.init(memoryLimitMebibytes: 1_536, timeoutSeconds: 60, threads: nil) }
}
