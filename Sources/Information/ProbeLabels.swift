// The probe's targets, checked against the task and the output they belong to.
internal import Diagnostics
internal import Tensors

/// True labels or values of every example, in the layout that the task needs.
struct ProbeLabels: Sendable {
  let task: ProbeTask
  /// One example's output.
  let output: Shape
  /// Rows of logits that an example has: one, or one for each position.
  let logitRows: Int
  /// Rows of logits that have a next token and are measured: one, or positions − 1.
  let positions: Int
  /// C of a categorical task, the number of outputs of a regression.
  let classes: Int
  /// `[N, positions]`, nil when the probe has none.
  let labels: [Int]?
  /// `[N, outputs]`, nil when the probe has none.
  let values: [Float]?

  /// - Throws: `bad-output` when the task cannot read such an output, `bad-target` when the targets
  ///   do not fit the examples or name a class that the output lacks.
  init(task: ProbeTask, targets: BatchArray?, examples: Int, output: Shape) throws(Problem) {
    self.task = task
    self.output = output
    switch task {
    case .classification:
      guard output.rank == 1, output.count > 0 else {
        throw Self.badOutput(output, task, "[classes]")
      }
      logitRows = 1
      positions = 1
      classes = output.count
    case .languageModel:
      guard output.rank == 2, output.count > 0, output.dimensions[0] > 1 else {
        throw Self.badOutput(output, task, "[positions, classes] with two positions or more")
      }
      logitRows = output.dimensions[0]
      positions = logitRows - 1
      classes = output.dimensions[1]
    case .regression:
      guard output.count > 0 else { throw Self.badOutput(output, task, "at least one number") }
      logitRows = 1
      positions = 1
      classes = output.count
    }
    labels = try Self.labels(
      targets, task: task, examples: examples, rows: logitRows, classes: classes)
    values = try Self.values(targets, task: task, examples: examples, outputs: classes)
  }

  /// The true class of a measured row of logits, nil when the probe has none.
  func label(example: Int, position: Int) -> Int? {
    labels.map { $0[example * positions + position] }
  }

  private static func labels(
    _ targets: BatchArray?, task: ProbeTask, examples: Int, rows: Int, classes: Int
  ) throws(Problem) -> [Int]? {
    guard task != .regression, let targets else { return nil }
    guard case .integer(let tensor) = targets else {
      throw badTarget("real numbers, where \(task.rawValue) needs class indices")
    }
    guard tensor.values.count == examples * rows else {
      throw badTarget("shape \(tensor.shape), where \(examples) examples need \(rows) each")
    }
    var labels: [Int] = []
    for example in 0..<examples {
      // The label of a position is the token after it.
      for position in (task == .languageModel ? 1 : 0)..<rows {
        let value = tensor.values[example * rows + position]
        guard let label = Int(exactly: value), (0..<classes).contains(label) else {
          throw badTarget("class \(value) at example \(example), where there are \(classes)")
        }
        labels.append(label)
      }
    }
    return labels
  }

  private static func values(
    _ targets: BatchArray?, task: ProbeTask, examples: Int, outputs: Int
  ) throws(Problem) -> [Float]? {
    guard task == .regression, let targets else { return nil }
    guard case .real(let tensor) = targets else {
      throw badTarget("integers, where regression needs real numbers")
    }
    guard tensor.values.count == examples * outputs else {
      throw badTarget("shape \(tensor.shape), where \(examples) examples need \(outputs) each")
    }
    return tensor.values
  }

  private static func badOutput(_ output: Shape, _ task: ProbeTask, _ wanted: String) -> Problem {
    Problem(
      "bad-output", at: "probe",
      "one example's output is \(output), where \(task.rawValue) needs \(wanted)",
      remedy: "state another `task:` in probe.yaml, or export the graph with that output")
  }

  private static func badTarget(_ what: String) -> Problem {
    Problem(
      "bad-target", at: "probe", "the target holds \(what)",
      remedy: "write batch.npz again with one target for each example")
  }
}
