// The probe's targets, checked against the task and the output they belong to.
internal import Diagnostics
internal import Glibc
internal import Tensors

/// True labels or values of every example, in the layout that the task needs.
///
/// An example has `positions`, each with one label: rows of logits (tokens, pixels), or the outputs
/// that are independent of each other. Positions that are ignored do not count in anything.
struct ProbeLabels: Sendable {
  let task: ProbeTask
  /// One example's output.
  let output: Shape
  /// C of a categorical task, the number of outputs otherwise.
  let classes: Int
  /// Rows of logits that an example has: one, one for each position, or one for each pixel.
  let logitRows: Int
  /// Rows of logits that have a label and are measured: `logitRows`, or one less of a language
  /// model, whose last position has no next token. 1 for independent outputs.
  let positions: Int
  /// Mean over the examples of how many labels count.
  let countedPositions: Double
  /// `[N, positions]`, −1 where ignored; nil when the probe has none or the task takes values.
  private let labels: [Int]?
  /// `[N, outputs]` of independent outputs, NaN where ignored; nil when the probe has none.
  let values: [Float]?

  /// - Throws: `bad-output` when the task cannot read such an output, `bad-target` when the targets
  ///   do not fit the examples, name a class that the output lacks, or ignore every position.
  init(task: ProbeTask, targets: BatchArray?, examples: Int, output: Shape) throws(Problem) {
    self.task = task
    self.output = output
    let (classes, rows) = try Self.layout(of: output, task)
    self.classes = classes
    logitRows = rows
    positions = task == .languageModel ? rows - 1 : rows
    switch task.likelihood {
    case .categorical:
      let labels = try targets.map { (targets) throws(Problem) in
        try Self.labels(targets, task: task, examples: examples, rows: rows, classes: classes)
      }
      self.labels = labels
      values = nil
      countedPositions = Self.mean(
        labels.map { $0.filter { $0 >= 0 }.count }, examples, all: positions)
    case .independent(let family):
      labels = nil
      let values = try targets.map { (targets) throws(Problem) in
        try Self.values(targets, task: task, examples: examples, outputs: classes)
      }
      self.values = values
      // A regression's loss is a sum over its outputs, that of labels a mean.
      countedPositions =
        family == .gaussian
        ? 1 : Self.mean(values.map { $0.filter { !$0.isNaN }.count }, examples, all: classes)
    }
    guard countedPositions > 0 else {
      throw Self.badTarget("no label that counts: every position is ignored")
    }
  }

  /// The true class of a measured row of logits; nil when the probe has none or it is ignored.
  func label(example: Int, position: Int) -> Int? {
    guard let labels else { return nil }
    let label = labels[example * positions + position]
    return label >= 0 ? label : nil
  }

  /// Whether a measured row of logits counts.
  func isCounted(example: Int, position: Int) -> Bool {
    labels.map { $0[example * positions + position] >= 0 } ?? true
  }

  /// Whether an independent output counts.
  func isCounted(example: Int, output: Int) -> Bool {
    values.map { !$0[example * classes + output].isNaN } ?? true
  }

  /// How many labels of an example count, over the mean of all examples.
  func size(of example: Int) -> Double {
    if let labels {
      let own = labels[example * positions..<(example + 1) * positions]
      return Double(own.count { $0 >= 0 }) / countedPositions
    }
    guard let values, task == .multiLabel else { return 1 }
    let own = values[example * classes..<(example + 1) * classes]
    return Double(own.count { !$0.isNaN }) / countedPositions
  }

  /// Whether the probe has true labels or values.
  var isLabelled: Bool { labels != nil || values != nil }

  /// Where the logit of a class lies in an example's output: pixels come after classes.
  func offset(position: Int, class c: Int) -> Int {
    task == .segmentation ? c * logitRows + position : position * classes + c
  }

  /// Entropy of the frequencies of the labels that count, bits: over all rows, or the mean over
  /// labels that are independent of each other. 0 without labels.
  var labelEntropyBits: Double {
    let counts = labelCounts
    return counts.isEmpty
      ? 0 : counts.map(Self.entropyBits).reduce(0, +) / Double(counts.count)
  }

  /// −log₂ of the frequency of each example's labels, `[N]`: their sum over the mean number of labels, so that
  /// their mean is the entropy.
  var surprisalBits: [Double] {
    let bits = labelCounts.map { counts in
      let total = Double(counts.values.reduce(0, +))
      return counts.mapValues { log2(total / Double($0)) }
    }
    func mean(_ own: some Sequence<(column: Int, label: Int)>) -> Double {
      own.reduce(0) { $0 + (bits[$1.column][$1.label] ?? 0) } / countedPositions
    }
    if let labels {
      return stride(from: 0, to: labels.count, by: positions).map { first in
        mean(labels[first..<first + positions].lazy.filter { $0 >= 0 }.map { (0, $0) })
      }
    }
    guard let values, task == .multiLabel else { return [] }
    return stride(from: 0, to: values.count, by: classes).map { first in
      mean(
        (0..<classes).lazy.filter { !values[first + $0].isNaN }.map {
          ($0, Int(values[first + $0]))
        })
    }
  }

  /// How often each label counts: over all rows, or of each label that is independent of the others.
  private var labelCounts: [[Int: Int]] {
    if let labels {
      var counts: [Int: Int] = [:]
      for label in labels where label >= 0 { counts[label, default: 0] += 1 }
      return [counts]
    }
    guard let values, task == .multiLabel else { return [] }
    return (0..<classes).map { c in
      var counts: [Int: Int] = [:]
      for n in stride(from: c, to: values.count, by: classes) where !values[n].isNaN {
        counts[Int(values[n]), default: 0] += 1
      }
      return counts
    }
  }
}

extension ProbeLabels {
  private static func layout(
    of output: Shape, _ task: ProbeTask
  ) throws(Problem) -> (classes: Int, rows: Int) {
    func bad(_ wanted: String) -> Problem { badOutput(output, task, wanted) }
    switch task {
    case .classification:
      guard output.rank == 1, output.count > 0 else { throw bad("[classes]") }
      return (output.count, 1)
    case .languageModel:
      guard output.rank == 2, output.count > 0, output.dimensions[0] > 1 else {
        throw bad("[positions, classes] with two positions or more")
      }
      return (output.dimensions[1], output.dimensions[0])
    case .maskedLanguageModel, .tokenClassification:
      guard output.rank == 2, output.count > 0 else { throw bad("[positions, classes]") }
      return (output.dimensions[1], output.dimensions[0])
    case .segmentation:
      guard output.rank >= 2, output.count > 0 else { throw bad("[classes, height, width]") }
      return (output.dimensions[0], output.count / output.dimensions[0])
    case .multiLabel, .regression:
      guard output.count > 0 else { throw bad("at least one number") }
      return (output.count, 1)
    }
  }

  private static func labels(
    _ targets: BatchArray, task: ProbeTask, examples: Int, rows: Int, classes: Int
  ) throws(Problem) -> [Int] {
    guard case .integer(let tensor) = targets else {
      throw badTarget("real numbers, where \(task.rawValue) needs class indices")
    }
    guard tensor.values.count == examples * rows else {
      throw badTarget("shape \(tensor.shape), where \(examples) examples need \(rows) each")
    }
    var labels: [Int] = []
    // The label of a language model's position is the token after it.
    let first = task == .languageModel ? 1 : 0
    labels.reserveCapacity(examples * (rows - first))
    for example in 0..<examples {
      for position in first..<rows {
        let value = tensor.values[example * rows + position]
        if isIgnored(value, task: task, classes: classes) {
          labels.append(-1)
        } else if value >= 0, value < classes {
          labels.append(Int(value))
        } else {
          throw badTarget("class \(value) at example \(example), where there are \(classes)")
        }
      }
    }
    return labels
  }

  /// PyTorch's ignore_index, and the 255 that images of labels use.
  private static func isIgnored(_ value: Int64, task: ProbeTask, classes: Int) -> Bool {
    switch task {
    case .segmentation: value == ignored || (value == 255 && classes <= 255)
    default: value == ignored
    }
  }

  private static func values(
    _ targets: BatchArray, task: ProbeTask, examples: Int, outputs: Int
  ) throws(Problem) -> [Float] {
    let values: [Float]
    switch (targets, task) {
    case (.real(let tensor), _): values = tensor.values
    case (.integer(let tensor), .multiLabel): values = tensor.values.map { Float($0) }
    case (.integer, _): throw badTarget("integers, where \(task.rawValue) needs real numbers")
    }
    guard values.count == examples * outputs else {
      throw badTarget(
        "shape \(targets.shape), where \(examples) examples need \(outputs) each")
    }
    guard task == .multiLabel else { return values }
    if let wrong = values.first(where: { $0 != 0 && $0 != 1 && $0 != Float(ignored) }) {
      throw badTarget("the label \(wrong), where multi-label needs 0 or 1")
    }
    return values.map { $0 == Float(ignored) ? .nan : $0 }
  }

  private static let ignored: Int64 = -100

  private static func mean(_ counted: Int?, _ examples: Int, all: Int) -> Double {
    counted.map { Double($0) / Double(max(examples, 1)) } ?? Double(all)
  }

  private static func entropyBits(_ counts: [Int: Int]) -> Double {
    let total = Double(counts.values.reduce(0, +))
    // In the order of labels, so that the sum has the same last bit every time.
    return counts.sorted { $0.key < $1.key }.reduce(0) { sum, entry in
      let p = Double(entry.value) / total
      return sum - p * log2(p)
    }
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
