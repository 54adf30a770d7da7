// Megatron-LM's folders of a file per model-parallel rank: `iter_<n>/mp_rank_<t>[_<p>]/model_optim_rng.pt`
// (megatron/training/checkpointing.py). One rank is read whole; several are put together where the
// names of all their tensors say how they were cut.
internal import Diagnostics
internal import Tensors

enum Megatron: CheckpointFormat {
  private static let prefix = "mp_rank_"
  private static let file = "model_optim_rng.pt"

  static func recognises(_ source: CheckpointSource) -> Bool {
    guard case .folder(_, let names) = source else { return false }
    return names.contains { $0.hasPrefix(prefix) && !$0.hasSuffix(".pt") }
  }

  private struct Rank {
    let folder: String
    let tensor: Int
    let pipeline: Int
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    guard case .folder(let path, let names) = source else { throw UnknownFormat.problem(source) }
    let ranks = try ranks(names, at: path)
    // All are opened before any is read.
    var opened: [(rank: Rank, file: InputFile)] = []
    for rank in ranks {
      do throws(Problem) {
        opened.append((rank, try InputFile.open("\(path)/\(rank.folder)/\(file)")))
      } catch {
        throw error.code == "not-found"
          ? incomplete("\(rank.folder)/\(file) is missing", path) : error
      }
    }
    var merged = MegatronMerge(path: path)
    var first: Checkpoint?
    var files: [Checkpoint.OpenFile] = []
    for (rank, file) in opened {
      let head = try file.bytes(at: 0, count: min(file.size, 512))
      let part = try PyTorchFile.open(.file(file, head: head))
      if ranks.count == 1 { return whole(part, at: path) }
      try merged.take(part, tensor: rank.tensor, pipeline: rank.pipeline, firstFile: files.count)
      files += part.files
      first = first ?? part
    }
    guard let first else { throw incomplete("no rank is there", path) }
    var checkpoint = Checkpoint(
      path: path, format: "megatron", files: files, tensors: try merged.tensors(),
      stateDictPath: first.stateDictPath)
    checkpoint.take(first, at: path)
    checkpoint.findings = [
      Finding(
        "no-moments", at: path, "the optimizer's state is cut among \(ranks.count) processes"),
      Finding(
        "assembled", at: path, "the weights are put together from \(ranks.count) processes' parts"),
    ]
    return checkpoint
  }

  private static func whole(_ part: Checkpoint, at path: String) -> Checkpoint {
    var checkpoint = Checkpoint(
      path: path, format: "megatron", files: part.files, tensors: part.tensors,
      stateDictPath: part.stateDictPath)
    checkpoint.take(part, at: path)
    checkpoint.findings = part.findings
    checkpoint.moments = part.moments
    return checkpoint
  }

  /// The ranks in the folders' names, pipeline stages in order; none may be missing.
  private static func ranks(
    _ names: Set<String>, at path: String
  ) throws(Problem) -> [Rank] {
    var ranks: [Rank] = []
    for name in names.sorted() where name.hasPrefix(prefix) {
      let numbers = name.dropFirst(prefix.utf8.count).split(separator: "_").map { Int($0) }
      guard let tensor = numbers.first ?? nil, numbers.count <= 2,
        let pipeline = numbers.count == 2 ? numbers[1] : 0
      else { throw unsupported("\(name) is a part of a model that is cut among experts too", path) }
      ranks.append(Rank(folder: name, tensor: tensor, pipeline: pipeline))
    }
    ranks.sort { ($0.pipeline, $0.tensor) < ($1.pipeline, $1.tensor) }
    let tensors = (ranks.map(\.tensor).max() ?? 0) + 1
    for (index, rank) in ranks.enumerated()
    where rank.tensor != index % tensors || rank.pipeline != index / tensors {
      throw incomplete("a model-parallel rank before \(rank.folder) is missing", path)
    }
    guard ranks.count % tensors == 0 else {
      throw incomplete("the last pipeline stage is not all there", path)
    }
    return ranks
  }

  private static func incomplete(_ what: String, _ path: String) -> Problem {
    Problem(
      "incomplete-megatron", at: path, what,
      remedy: "wait until every process has written its file", kind: .tryAgain)
  }

  static func unsupported(_ what: String, _ path: String) -> Problem {
    Problem(
      "unsupported-model-parallel", at: path, what,
      remedy: "convert it with Megatron-LM's tools/checkpoint/convert.py, or save it as torch_dist")
  }
}

extension Checkpoint {
  /// Takes over what one rank says about the training.
  fileprivate mutating func take(_ part: Checkpoint, at path: String) {
    writer = part.writer ?? "megatron-lm"
    step = part.step
    stepSource = part.stepSource
    epoch = part.epoch
    learningRate = part.learningRate
    batchSize = part.batchSize
    gradientClipping = part.gradientClipping
    metrics = part.metrics
    guard step == nil else { return }
    var facts = TrainingFacts()
    facts.complete(optimizer: nil, path: path)
    (step, stepSource) = (facts.step, facts.stepSource)
  }
}
