// A single safetensors file (huggingface/safetensors README, format section).
internal import Diagnostics
internal import Tensors

enum Safetensors: CheckpointFormat {
  static func recognises(_ source: CheckpointSource) -> Bool {
    guard case .file(let file, let head) = source else { return false }
    return file.path.hasSuffix(".safetensors") || begins(head)
  }

  /// Whether bytes begin with a header of plausible length that begins as JSON objects do.
  static func begins(_ head: [UInt8]) -> Bool {
    guard let length = head.littleEndian(at: 0, width: 8), head.count > 8 else { return false }
    return length <= UInt64(SafetensorsHeader.largestHeader) && head[8] == UInt8(ascii: "{")
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    guard case .file(let file, _) = source else { throw UnknownFormat.problem(source) }
    let header = try SafetensorsHeader.read(file, index: 0)
    guard !header.tensors.isEmpty else {
      throw StateDict.unreadable(file, header.findings)
    }
    var checkpoint = Checkpoint(
      path: file.path, format: "safetensors", files: [Checkpoint.OpenFile(file: file, zip: nil)],
      tensors: header.tensors)
    checkpoint.sortsNames = true
    checkpoint.findings = header.findings
    checkpoint.take(facts(of: header, path: file.path))
    return checkpoint
  }

  /// Counters that a script put into the metadata, else the name.
  private static func facts(of header: SafetensorsHeader, path: String) -> TrainingFacts {
    var facts = TrainingFacts()
    for (key, value) in header.metadata {
      switch key {
      case "global_step", "step", "iter_num", "iteration":
        if facts.step == nil, let step = Int(value), step >= 0 {
          (facts.step, facts.stepSource) = (step, key)
        }
      case "epoch": facts.epoch = Double(value).flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
      case "lr", "learning_rate":
        facts.learningRate = Double(value).flatMap { $0.isFinite ? $0 : nil }
      default: break
      }
    }
    facts.complete(optimizer: nil, path: path)
    return facts
  }
}
