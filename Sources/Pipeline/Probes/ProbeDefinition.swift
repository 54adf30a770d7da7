// A probe directory in memory: graph, batch and settings, with the identity of what they say.

import Checkpoints
public import Diagnostics
public import Information
import Networks
import Tensors

/// A network's graph and a small batch: what turns a checkpoint's weights into measurements.
public struct ProbeDefinition: Sendable {
  /// The directory it was read from.
  public let directory: String
  /// Its name: that of probe.yaml, else of the directory.
  public let name: String
  /// SHA-256 in hexadecimal over the graph, the batch, the weights that it keeps, and what probe.yaml says of
  /// the measurement: all that decides what is measured, so that a series never mixes two of them.
  public let digest: String
  /// What its probe.yaml says that an estimate may cost.
  public var budget: EstimationBudget { settings.budget }
  let settings: ProbeSettings
  let graph: Graph
  /// Weights by the graph's names that training leaves as they are, for checkpoints that lack them.
  let kept: Checkpoint?
  let inputs: [String: BatchArray]
  let targets: BatchArray?
  /// 0 where a label does not count; nil when the batch has none.
  let lossMask: BatchArray?
  /// N.
  let examples: Int

  /// No name by which checkpoints are known: the probe may lie beside them.
  private static let keptName = "frozen.weights"
  private static let graphLimit = 2 << 30
  private static let batchLimit = 1 << 30
  private static let tableLimit = 256 << 20
  private static let settingsLimit = 256 << 10

  /// Reads a probe directory: `probe.yaml` (optional), `graph.onnx` and `batch.npz` (or
  /// `probe.onnx` and `probe.npz`), and `frozen.weights` (optional; of any format of a checkpoint).
  ///
  /// - Throws: what is missing, unreadable or contradictory, with the file's name.
  public init(directory: String) throws(Problem) {
    let folder = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
    let settingsPath = folder + "/probe.yaml"
    settings =
      fileExists(settingsPath)
      ? try ProbeSettings(
        yaml: try readSmallFile(settingsPath, limit: Self.settingsLimit, followsLink: false),
        path: settingsPath)
      : ProbeSettings()
    let graphPath = try Self.find(settings.graph, in: folder, ["graph.onnx", "probe.onnx"])
    let batchPath = try Self.find(settings.batch, in: folder, ["batch.npz", "probe.npz"])
    let graphBytes = try readSmallFile(graphPath, limit: Self.graphLimit)
    let batchBytes = try readSmallFile(batchPath, limit: Self.batchLimit)

    self.directory = folder
    name = settings.name ?? folder.split(separator: "/").last.map(String.init) ?? "probe"
    var hash = SHA256()
    hash.add(graphBytes)
    hash.add(batchBytes)
    let parsed = try Graph.parse(graphBytes, path: graphPath)
    let tables = try Self.externalTables(of: parsed, in: folder)
    for name in tables.keys.sorted() { hash.add(tables[name] ?? []) }
    for statement in settings.measured { hash.add(Array("\(statement)\n".utf8)) }
    let keptPath = folder + "/" + Self.keptName
    kept = fileExists(keptPath) ? try Checkpoint.open(resolvingLinks(keptPath)) : nil
    if let kept { hash.add(try kept.survey().digest) }
    digest = hexadecimal(hash.digest())
    let included = try parsed.including(tables)
    let whole =
      try settings.output.map { (name) throws(Problem) in try included.predicting(name) }
      ?? included

    var arrays = try NumPyArchive.open(batchPath)
    let inputNames = whole.inputs.map(\.name)
    let target = inputNames.contains("target") ? nil : arrays.removeValue(forKey: "target")
    let lossMask = inputNames.contains("loss_mask") ? nil : arrays["loss_mask"]
    for name in inputNames where arrays[name] == nil {
      throw Problem(
        "missing-input", at: batchPath,
        "the graph's input \"\(name)\" is not in the batch, which holds "
          + arrays.keys.sorted().joined(separator: ", "),
        remedy: "save the batch with arrays named as the graph's inputs: "
          + inputNames.joined(separator: ", "))
    }
    if let name = whole.defaults.first(where: { arrays[$0] != nil }) {
      throw Problem(
        "ambiguous-input", at: batchPath,
        "\"\(name)\" is an input of the network and a weight of it: the graph cannot tell which it means",
        remedy: "rename the argument of forward, and export again with probes/make_probe.py")
    }
    let inputs = Self.examplesFirst(
      arrays.filter { inputNames.contains($0.key) }, as: target ?? lossMask)
    let batched = inputs.values + [target, lossMask].compactMap { $0 }
    let counts = Set(batched.map(\.leadingExtent))
    guard counts.count == 1, let examples = counts.first, examples > 0 else {
      throw Problem(
        "uneven-batch", at: batchPath,
        "arrays begin with \(counts.sorted().map(String.init).joined(separator: " and ")) examples",
        remedy: "save the same number of examples in every array, one after another")
    }
    self.inputs = inputs
    graph = whole.examplesFirst(inputs.mapValues(\.shape))
    targets = target
    self.lossMask = lossMask
    self.examples = examples
  }

  /// The values of tables that lie beside the graph, where that file exists; the weights in it are
  /// not read.
  private static func externalTables(
    of graph: Graph, in folder: String
  ) throws(Problem) -> [String: [UInt8]] {
    var tables: [String: [UInt8]] = [:]
    for (name, data, count) in graph.externalTables {
      let path = folder + "/" + data.location
      guard !data.location.isEmpty, !data.location.contains("/"), data.location != "..",
        count <= tableLimit, fileExists(path)
      else { continue }
      tables[name] = try readPart(of: path, at: data.offset, count: count)
    }
    return tables
  }

  private static func find(_ stated: String?, in folder: String, _ usual: [String])
    throws(Problem) -> String
  {
    let candidates = stated.map { [$0] } ?? usual
    for candidate in candidates where fileExists(folder + "/" + candidate) {
      // Links are followed here, for all files alike: NumPyArchive follows none.
      return resolvingLinks(folder + "/" + candidate)
    }
    throw Problem(
      "missing-probe-file", at: folder, "no \(candidates.joined(separator: " or ")) there",
      remedy: "make a probe with probes/make_probe.py, or name its folder with --probe",
      kind: .noInput)
  }
}

/// The weights that it keeps.
extension ProbeDefinition {
  /// By the graph's names.
  var keptShapes: [String: Shape] {
    let real = (kept?.tensors ?? []).filter { $0.type.isFloatingPoint && !$0.isComputed }
    return Dictionary(real.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
  }

  /// Says which weights are the probe's and not the checkpoint's.
  func keptNote(_ names: Set<String>) -> [(code: String, text: String)] {
    guard let first = names.min() else { return [] }
    let others = names.count > 1 ? " and \(names.count - 1) more" : ""
    return [
      (
        "frozen-kept",
        "\(first)\(others), which the checkpoint does not hold, are those of \(Self.keptName) in the probe"
      )
    ]
  }

  /// Reads those of these names; one that several names share is held once.
  func keptWeights(
    _ names: Set<String>
  ) throws(Problem) -> (weights: [String: Tensor], elements: Int) {
    guard let kept else { return ([:], 0) }
    var read: [String: Tensor] = [:]
    var weights: [String: Tensor] = [:]
    for tensor in kept.tensors where names.contains(tensor.name) {
      let source = tensor.sharedWith ?? tensor.name
      let values = if let known = read[source] { known } else { try kept.read(tensor) }
      read[source] = values
      weights[tensor.name] = values
    }
    return (weights, read.values.reduce(0) { $0 + $1.shape.count })
  }
}

extension BatchArray {
  /// The number of examples: the first extent, 0 of a scalar.
  var leadingExtent: Int { shape.dimensions.first ?? 0 }
}
