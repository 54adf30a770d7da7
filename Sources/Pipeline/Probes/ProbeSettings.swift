// probe.yaml: what a probe says about itself. Everything is optional.

public import Diagnostics
public import Information
public import YAML

/// The settings of a probe directory.
public struct ProbeSettings: Sendable {
  /// How labels are drawn, where it is stated.
  public enum Labels: String, Sendable, CaseIterable {
    /// Every class, weighted by its probability.
    case exact
    /// Drawn from the model's own prediction.
    case sampled
  }

  /// The probe's name.
  public var name: String?
  /// File name of the graph, beside probe.yaml.
  public var graph: String?
  /// File name of the batch, beside probe.yaml.
  public var batch: String?
  /// The graph's output that is the prediction; its first one of real numbers when nil.
  public var output: String?
  /// The likelihood; told from outputs and target when nil.
  public var task: ProbeTask?
  /// Exact up to 32 classes and sampled for language models when nil.
  public var labels: Labels?
  /// Labels drawn per example (or position) when sampled, of `possibleDraws`.
  public var draws: Int = 1
  /// Seed of the draws.
  public var seed: Int = 0
  /// A prefix of checkpoint names that the graph lacks.
  public var strip: String?
  /// Graph name → checkpoint name.
  public var alias: [String: String] = [:]
  /// Parameters that training leaves as they are, or modules with all below them, by the graph's names
  /// or the checkpoint's.
  public var frozen: [String] = []
  /// ε of the information in the weights, nats of loss.
  public var toleranceNats: Double = 0.01
  /// When an estimate is good enough, and what it may cost.
  public var budget = EstimationBudget()
  /// Draws of the weights at each tolerance, to check the predicted rise of the loss with; as many
  /// as are cheap when nil.
  public var weightDraws: Int?

  /// The settings of a probe that states none.
  public init() {}

  /// Reads probe.yaml.
  ///
  /// - Throws: a YAML problem or `probe-setting`, at `file:line:column`.
  public init(yaml bytes: [UInt8], path: String) throws(Problem) {
    let source = Source(file: path, kind: .configuration)
    var keys = try MappingReader(try Node.parse(bytes, source: source), source)
    let schema: String = try keys.optional("schema", default: Self.schema)
    guard schema == Self.schema else {
      throw keys.problem(
        "wrong-schema", key: "schema", "expected \(Self.schema), found \(schema)",
        remedy: "write schema: \(Self.schema), or use the version of plasticityd it is meant for")
    }
    name = try keys.optional("name")
    graph = try keys.optional("graph")
    batch = try keys.optional("batch")
    output = try keys.optional("output")
    task = try keys.optional("task")
    labels = try keys.optional("labels")
    draws = try keys.optional("draws", default: 1)
    seed = try keys.optional("seed", default: 0)
    toleranceNats = try keys.optional("tolerance_nats", default: 0.01)
    weightDraws = try keys.optional("weight_draws")
    if var limits = try keys.optional("budget", as: MappingReader.self) {
      budget = EstimationBudget(
        precision: try limits.optional("precision"), seconds: try limits.optional("seconds"))
      for (key, value) in [("precision", budget.precision), ("seconds", budget.seconds)] {
        guard value.map({ $0 > 0 }) ?? true else {
          throw limits.problem(
            "probe-setting", key: key, "it is \(value ?? 0)", remedy: "use a number above 0")
        }
      }
      try limits.finish()
    }
    if var names = try keys.optional("names", as: MappingReader.self) {
      strip = try names.optional("strip")
      if var aliases = try names.optional("alias", as: MappingReader.self) {
        for graphName in aliases.keys { alias[graphName] = try aliases.required(graphName) }
      }
      try names.finish()
    }
    frozen = try keys.optional("frozen", default: [])
    try keys.finish()
    guard Self.possibleDraws.contains(draws) else {
      throw keys.problem(
        "probe-setting", key: "draws", "\(draws) labels per example", remedy: "use 1 to 10000")
    }
    guard (0...10_000).contains(weightDraws ?? 0) else {
      throw keys.problem(
        "probe-setting", key: "weight_draws", "\(weightDraws ?? 0) draws of the weights",
        remedy: "use 0 to 10000")
    }
    guard seed >= 0 else {
      throw keys.problem(
        "probe-setting", key: "seed", "the seed is negative", remedy: "use 0 or more")
    }
    guard toleranceNats > 0, toleranceNats.isFinite else {
      throw keys.problem(
        "probe-setting", key: "tolerance_nats", "the tolerance is \(toleranceNats)",
        remedy: "use a small positive number of nats, for example 0.01")
    }
    for (key, file) in [("graph", graph), ("batch", batch)] {
      if let file, file.contains("/") || file == ".." {
        throw keys.problem(
          "probe-setting", key: key, "\"\(file)\" is not a file name",
          remedy: "put the file beside probe.yaml and name it without a folder")
      }
    }
  }

  private static let schema = "plasticityd/probe/v1"

  /// How many labels may be drawn, wherever it is said: their cost is that many backward passes.
  public static let possibleDraws = 1...10_000
}

extension ProbeSettings {
  /// What they say, other than by default, of which quantities are measured, a line for each statement in a
  /// fixed order; not how well (labels, draws, budget) nor under which names the weights are found.
  var measured: [String] {
    var statements = Set(frozen).sorted().map { "frozen \($0)" }
    if let output { statements.append("output \(output)") }
    if let task { statements.append("task \(task.rawValue)") }
    if toleranceNats != ProbeSettings().toleranceNats {
      statements.append("tolerance_nats \(toleranceNats)")
    }
    return statements
  }
}

extension ProbeTask: Readable {}
extension ProbeSettings.Labels: Readable {}
