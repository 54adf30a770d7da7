// The list of formats. A new format is one new file and one line here.
internal import Diagnostics

/// What is at a path: one regular file, or a folder of them.
enum CheckpointSource {
  /// With at most the first 512 bytes.
  case file(InputFile, head: [UInt8])
  case folder(path: String, names: Set<String>)
}

protocol CheckpointFormat: Sendable {
  /// Told by the first bytes, and by the name where bytes do not tell.
  static func recognises(_ source: CheckpointSource) -> Bool
  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint
}

enum CheckpointFormats {
  /// The first that recognises a source opens it; the last refuses what is left.
  static let all: [any CheckpointFormat.Type] = [
    KerasArchive.self, NumPyCheckpoint.self, GGUF.self, FlaxMessagePack.self, PyTorchFile.self,
    HDF5Checkpoint.self, KerasShards.self, TensorFlowBundle.self,
    DistributedCheckpoint.self,
    DeepSpeedUniversal.self, DeepSpeed.self, Megatron.self, Orbax.self,
    HuggingFaceTrainer.self,
    UnsupportedFormat.self, DistributedSafetensors.self, Safetensors.self,
    UnknownFormat.self,
  ]
}
