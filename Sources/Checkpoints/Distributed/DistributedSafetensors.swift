// What torch.distributed.checkpoint's HuggingFaceStorageWriter leaves before it is consolidated: in
// `shard-00001-model-00001-of-00001.safetensors` one process's pieces of the tensors
// (torch/distributed/checkpoint/_hf_utils.py). Refused: no file says how many processes wrote, so that
// tensors with missing pieces cannot be told from smaller ones.
internal import Diagnostics

enum DistributedSafetensors: CheckpointFormat {
  static func recognises(_ source: CheckpointSource) -> Bool {
    switch source {
    case .file(let file, _): isShard(file.path.split(separator: "/").last.map(String.init) ?? "")
    case .folder(_, let names): names.contains(where: isShard)
    }
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    let path =
      switch source {
      case .file(let file, _): file.path
      case .folder(let path, _): path
      }
    throw Problem(
      "unsupported-pieces", at: path,
      "it holds pieces of tensors by process, and nothing says whether all are there",
      remedy: "put them together with torch's consolidate_safetensors_files")
  }

  private static func isShard(_ name: String) -> Bool {
    let parts = name.split(separator: "-")
    return parts.count == 6 && parts[0] == "shard" && parts[2] == "model" && parts[4] == "of"
      && Int(parts[1]) != nil && name.hasSuffix(".safetensors")
  }
}
