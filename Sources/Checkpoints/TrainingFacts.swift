// What a checkpoint says about the training besides weights: step, epoch, rate, batch, metrics.
internal import Diagnostics

struct TrainingFacts {
  var step: Int?
  var stepSource: String?
  var epoch: Double?
  var learningRate: Double?
  var batchSize: Int?
  var gradientClipping: Double?
  var metrics: [String: Double] = [:]

  /// Keys of a step counter, in order of preference.
  private static let stepKeys = [
    "global_step", "global_steps", "iter_num", "step", "steps", "iteration", "iter", "num_updates",
    "train_step", "n_iter", "current_step", "completed_steps", "update_step", "current_iter",
    "cur_iter", "global_iter",
  ]
  private static let epochKeys = ["epoch", "current_epoch", "epochs"]
  private static let rateKeys = ["lr", "learning_rate"]

  /// Reads what stands at the top level of a saved dictionary; where that is the weights' own
  /// (`tensorsAreWeights`), only plain numbers count.
  init(of archive: TorchArchive, tensorsAreWeights: Bool) throws(Problem) {
    guard !tensorsAreWeights else {
      for key in Self.stepKeys where step == nil {
        guard let count = archive.root[key]?.int, count >= 0 else { continue }
        (step, stepSource) = (count, key)
      }
      epoch = archive.root["epoch"]?.double
      return
    }
    let root = archive.root
    // mmengine and many scripts keep their counters one level below.
    for place in [root, root["meta"], root["trainer_state"], root["train_state"]] {
      guard let place else { continue }
      for key in Self.stepKeys where step == nil {
        guard let value = place[key], let count = try archive.count(value) else { continue }
        (step, stepSource) = (count, key)
      }
      for key in Self.epochKeys where epoch == nil {
        if let value = place[key], let number = try archive.number(value), number >= 0 {
          epoch = number
        }
      }
    }
    for key in Self.rateKeys where learningRate == nil {
      if let value = root[key] { learningRate = try archive.number(value) }
    }
    if learningRate == nil {
      for key in ["lr_schedulers", "lr_scheduler", "scheduler", "scheduler_state_dict"] {
        let scheduler = root[key]?.elements?.first ?? root[key]
        if let rate = scheduler?["_last_lr"]?.elements?.first?.double {
          learningRate = rate
          break
        }
      }
    }
    try readBatch(root, archive)
    try readMetrics(root, archive)
  }

  init() {}

  /// Whether a key may hold a step or an epoch.
  static func isCounter(_ key: String) -> Bool { stepKeys.contains(key) || epochKeys.contains(key) }

  /// Whether a key may hold a step, an epoch or a learning rate.
  static func isKnown(_ key: String) -> Bool { isCounter(key) || rateKeys.contains(key) }

  /// Takes one value by its key, where nothing better is known.
  mutating func note(
    _ key: String, _ value: PickleValue, _ archive: TorchArchive
  ) throws(Problem) {
    guard Self.isKnown(key), let number = try archive.number(value) else { return }
    note(key, number)
  }

  mutating func note(_ key: String, _ number: Double) {
    if Self.stepKeys.contains(key), step == nil, number >= 0, number < 0x1p53,
      number.rounded() == number
    {
      (step, stepSource) = (Int(number), key)
    }
    if Self.epochKeys.contains(key), epoch == nil, number >= 0 { epoch = number }
    if Self.rateKeys.contains(key), learningRate == nil { learningRate = number }
  }

  /// nanoGPT and many scripts save their configuration as a dictionary.
  private mutating func readBatch(
    _ root: PickleValue, _ archive: TorchArchive
  ) throws(Problem) {
    for place in [root, root["config"], root["args"], root["hyper_parameters"]] {
      guard let place, batchSize == nil, let value = place["batch_size"],
        let size = try archive.count(value), size > 0
      else { continue }
      var accumulation = 1
      if let steps = place["gradient_accumulation_steps"] {
        accumulation = try archive.count(steps) ?? 1
      }
      let (product, overflow) = size.multipliedReportingOverflow(by: max(accumulation, 1))
      batchSize = overflow ? nil : product
    }
    if let clip = root.at("config", "grad_clip")?.double, clip >= 0 { gradientClipping = clip }
  }

  /// Fractional scalars at the top level and in a dictionary called `metrics`.
  private mutating func readMetrics(
    _ root: PickleValue, _ archive: TorchArchive
  ) throws(Problem) {
    let known = Set(Self.stepKeys + Self.epochKeys + Self.rateKeys)
    for place in [root, root["metrics"], root["logs"]] {
      for (key, value) in (place?.entries ?? []).prefix(1_000) {
        guard let key = key.text, !known.contains(key), metrics.count < 1_000 else { continue }
        if case .int = value.node { continue }
        if let number = try archive.number(value) { metrics[key] = number }
      }
    }
  }

  /// Falls back on the optimizer's own counter, then on the names of file and folder.
  mutating func complete(optimizer: OptimizerState?, path: String) {
    if step == nil, let steps = optimizer?.step {
      (step, stepSource) = (steps, "optimizer state")
    }
    if learningRate == nil { learningRate = optimizer?.learningRate }
    let named = StepName.read(path)
    if epoch == nil { epoch = named.epoch.map(Double.init) }
    if step == nil, let number = named.step { (step, stepSource) = (number, "file name") }
    if step == nil, let number = named.epoch { (step, stepSource) = (number, "file name (epoch)") }
    if step == nil, let epoch, epoch >= 0, epoch < 0x1p53, epoch.rounded() == epoch {
      (step, stepSource) = (Int(epoch), "epoch")
    }
  }
}
