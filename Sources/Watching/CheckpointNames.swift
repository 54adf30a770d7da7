// What a name alone tells: checkpoint, companion of one, temporary, step (reliability.md §2.3,
// reliability.md §2.3). Names are compared as bytes, since they come from file systems.

/// The names by which trainers' files are known.
public enum CheckpointNames {
  /// Whether a file of this name may be a checkpoint in itself.
  public static func isFile(_ name: String) -> Bool {
    guard !isHidden(name), !isTemporary(name), !isCompanion(name), !isShard(name) else {
      return false
    }
    // Many arrays beside a run are no weights: only numbered ones are.
    if name.hasSuffix(".npz") { return step(inName: name) != nil }
    return hasCheckpointExtension(name) || name == "pytorch_model.bin" || isFlax(name)
  }

  /// Whether the name ends as checkpoints do.
  static func hasCheckpointExtension(_ name: String) -> Bool {
    [
      ".pt", ".pth", ".ckpt", ".safetensors", ".pth.tar", ".pt.tar", ".keras", ".h5", ".hdf5",
      ".gguf", ".msgpack",
    ].contains {
      name.hasSuffix($0) && name.utf8.count > $0.utf8.count
    }
  }

  /// Flax's `checkpoint_300`.
  static func isFlax(_ name: String) -> Bool {
    name.hasPrefix("checkpoint_") && name.utf8.count > 11
      && name.utf8.dropFirst(11).allSatisfy(isDigit)
  }

  /// Files that stand beside the weights and are never a checkpoint alone.
  static func isCompanion(_ name: String) -> Bool {
    let whole = [
      "optimizer.pt", "optimizer.bin", "scheduler.pt", "scheduler.bin", "scaler.pt",
      "training_args.bin",
    ]
    return whole.contains(name) || name.hasPrefix("rng_state") || name.hasPrefix("random_states_")
      || DeepSpeedRule.isRankFile(name)
  }

  /// One of several files of one checkpoint: `model-00001-of-00003.safetensors`.
  static func isShard(_ name: String) -> Bool { shardCount(name) != nil }

  /// The number of files that a shard's name promises.
  static func shardCount(_ name: String) -> Int? {
    guard let dot = name.lastIndex(of: "."), isWeightsExtension(name[dot...]) else { return nil }
    let parts = name[..<dot].split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[parts.count - 2] == "of", isNumber(parts[parts.count - 1]),
      isNumber(parts[parts.count - 3])
    else { return nil }
    return Int(parts[parts.count - 1])
  }

  /// Names that writers use until a file or folder is whole.
  public static func isTemporary(_ name: String) -> Bool {
    let prefixes = [".tmp", "tmp.", "tmp-checkpoint-", ".nfs", ".~"]
    let suffixes = [".tmp", ".part", ".partial", ".incomplete", "_tmp", ".swp"]
    return prefixes.contains { name.hasPrefix($0) } || suffixes.contains { name.hasSuffix($0) }
      || name.contains(".orbax-checkpoint-tmp")
  }

  /// Hidden names: editors', version control's and notebooks' own copies.
  static func isHidden(_ name: String) -> Bool { name.utf8.first == UInt8(ascii: ".") }

  /// Weights that make a folder of the Hugging Face kind.
  static func isFolderWeights(_ name: String) -> Bool {
    let whole = [
      "model.safetensors", "pytorch_model.bin", "model.safetensors.index.json",
      "pytorch_model.bin.index.json", "adapter_model.safetensors", "adapter_model.bin",
    ]
    return whole.contains(name) || isShard(name)
  }

  /// `checkpoint-300`, and not DeepSpeed's `global_step300` inside of it.
  static func isTrainersFolder(_ name: String) -> Bool {
    name.hasPrefix("checkpoint-") && isNumberedFolder(name)
  }

  /// `checkpoint-300`, `step_300`, `epoch3`, `300`.
  static func isNumberedFolder(_ name: String) -> Bool {
    let digits = name.utf8.reversed().prefix { isDigit($0) }.count
    guard digits > 0 else { return false }
    var stem = name.lowercased().utf8.dropLast(digits)
    while let last = stem.last, "-_=".utf8.contains(last) { stem = stem.dropLast() }
    let words = ["", "checkpoint", "ckpt", "step", "global_step", "iter", "epoch"]
    return words.contains { $0.utf8.elementsEqual(stem) }
  }

  /// The step that a name tells: the number after `step`, else the last number in it.
  public static func step(inName name: String) -> UInt64? {
    let bytes = Array(stem(name).lowercased().utf8)
    var last: UInt64?
    var position = 0
    while position < bytes.count {
      guard isDigit(bytes[position]) else {
        position += 1
        continue
      }
      let start = position
      while position < bytes.count, isDigit(bytes[position]) { position += 1 }
      guard let number = UInt64(String(decoding: bytes[start..<position], as: UTF8.self)) else {
        continue
      }
      var word = bytes[..<start]
      while let mark = word.last, "=-_".utf8.contains(mark) { word = word.dropLast() }
      if word.suffix(4).elementsEqual("step".utf8) { return number }
      last = number
    }
    return last
  }

  /// A name without its numbers: what checkpoints of one series have in common. Lightning's `-v1`, for a name
  /// that was taken, is none of it.
  public static func family(ofName name: String) -> String {
    var stem = stem(name)
    let version = stem.utf8.reversed().prefix(while: isDigit).count
    if version > 0, stem.dropLast(version).hasSuffix("-v") { stem = stem.dropLast(version + 2) }
    return String(stem.filter { !$0.isASCII || !$0.isNumber })
  }

  /// Whether the name says that the weights are averages over a training (`ema_300.pt`), not its own.
  public static func isAverage(_ name: String) -> Bool {
    let words = family(ofName: name).lowercased().split { !$0.isLetter }
    return words.contains { ["ema", "swa", "averaged"].contains($0) }
  }

  private static func stem(_ name: String) -> Substring {
    let ending = [
      ".pth.tar", ".pt.tar", ".safetensors", ".pth", ".ckpt", ".pt", ".bin", ".keras",
      ".weights.h5", ".h5", ".hdf5", ".npz", ".gguf", ".msgpack", ".index",
    ].first(where: name.hasSuffix)
    return name.dropLast(ending?.count ?? 0)
  }

  private static func isWeightsExtension(_ text: Substring) -> Bool {
    text == ".safetensors" || text == ".bin" || text == ".pt"
  }

  private static func isNumber(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.count <= 9 && text.utf8.allSatisfy(isDigit)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
