// <run>/plasticity.yaml: what the person who trains says about one run, beside its checkpoints.
// A mistake in it holds that run back and is told; it harms no other.

internal import Checkpoints
public import Diagnostics
public import Pipeline
internal import Reports
internal import Watching
internal import YAML

/// What is said about one run.
public struct RunSettings: Sendable, Hashable {
  /// The probe's folder.
  public var probe: String?
  /// The run's name in place of its path.
  public var name: String?
  /// Which labels the Fisher information is taken over.
  public var labels: Configuration.Labels?
  /// What numbers from optimizer moments need, where the checkpoint does not say.
  public var training = StatedTraining()

  /// Nothing is said.
  public init() {}

  /// The settings of the run in a folder; nothing is said when the file is not there.
  ///
  /// - Parameter root: where the run's own probe must lie, with all that its links lead to: who may write
  ///   there need not be allowed to read what the daemon is. Nil where a person measures as himself.
  /// - Throws: what is wrong with the file, at `file:line:column`.
  public static func load(
    runDirectory: String, probes: [String: String], within root: String? = nil
  ) throws(Problem) -> RunSettings {
    for folder in places(of: runDirectory, within: root) {
      let file = Path.join(folder, "plasticity.yaml")
      let bytes = try DurableFile.read(
        file, limit: Limits.configuration.bytes, on: PosixFileSystem())
      if let bytes {
        return try read(bytes, file: file, in: folder, probes: probes, within: root)
      }
    }
    return RunSettings()
  }

  /// Beside the checkpoints; Lightning's lie one folder further down, in `checkpoints`.
  private static func places(of runDirectory: String, within root: String?) -> [String] {
    let above = Path.parent(runDirectory)
    let isLightning = Path.name(runDirectory) == "checkpoints"
    let isInside = root.map { Path.relative(above, to: $0) != nil } ?? true
    return isLightning && isInside ? [runDirectory, above] : [runDirectory]
  }

  private static func read(
    _ bytes: [UInt8], file: String, in folder: String, probes: [String: String],
    within root: String?
  ) throws(Problem) -> RunSettings {
    let source = Source(file: file, kind: .configuration)
    // An editor that writes in place has just emptied it: what it will say is not known yet.
    if bytes.isEmpty {
      throw source.problem(
        "empty-settings", at: .none, "the file is empty",
        remedy: "write a comment into it if nothing is to be said, or remove it")
    }
    let node = try Node.parse(bytes, source: source)
    if node.isNull { return RunSettings() }
    var reader = try MappingReader(node, source)
    var settings = RunSettings()
    if let word: String = try reader.optional("probe") {
      let probe = probes[word] ?? RealPath.resolve(Path.join(folder, word))
      guard RealPath.isDirectory(probe) else {
        throw reader.problem(
          "probe-missing", key: "probe", "there is no folder \(probe)",
          remedy: "give the folder that holds graph.onnx and batch.npz")
      }
      if probes[word] == nil, let root, let place = try placeOutside(root, of: probe) {
        throw reader.problem(
          "probe-outside", key: "probe", "\(place) lies outside of the watched root \(root)",
          remedy:
            "put the probe beside the checkpoints, or have it named under probes: in config.yaml")
      }
      settings.probe = probe
    }
    if let name: String = try reader.optional("name") {
      guard Configuration.isRunName(name) else {
        throw reader.problem(
          "bad-name", key: "name", "\"\(name)\" cannot name a run",
          remedy: "use names and slashes, without empty parts, \".\" and \"..\"")
      }
      settings.name = name
    }
    settings.labels = try reader.optional("labels")
    settings.training.batchSize = try Configuration.whole(&reader, "batch_size", 1...1_000_000)
    settings.training.beta1 = try Configuration.number(
      &reader, "beta1", above: 0, upTo: 1 - 1e-9)
    settings.training.beta2 = try Configuration.number(
      &reader, "beta2", above: 0, upTo: 1 - 1e-9)
    try reader.finish()
    return settings
  }

  /// Where a probe's folder, or a link in it, leads out of a root.
  private static func placeOutside(_ root: String, of folder: String) throws(Problem) -> String? {
    let root = RealPath.resolve(root)
    guard Path.relative(folder, to: root) != nil else { return folder }
    return try Folder.names(in: folder).map { Path.join(folder, $0) }.filter(RealPath.isLink)
      .sorted().first { Path.relative(RealPath.resolve($0), to: root) == nil }
  }
}

extension StatedTraining {
  /// As options of `probe`.
  var options: [String] {
    let numbers: [(String, (any CustomStringConvertible)?)] = [
      ("batch-size", batchSize), ("beta1", beta1), ("beta2", beta2),
    ]
    return numbers.compactMap { name, value in value.map { "--\(name)=\($0)" } }
  }
}
