// Formats of checkpoints, each as a file of its own name.
import Checkpoints
import Diagnostics
import HostileCorpus
import Tensors

extension FuzzTarget {
  /// A format that is one file, told by the ending or the first bytes.
  private static func file(_ name: String, _ ending: String) -> FuzzTarget {
    FuzzTarget(name: name) { read(Scratch.write($0, as: "\(name)\(ending)")) }
  }

  static let checkpointTargets: [FuzzTarget] = [
    file("safetensors", ".safetensors"), file("zip", ".pt"),
    file("hdf5", ".h5"), file("keras", ".keras"), file("gguf", ".gguf"),
    file("msgpack", ".msgpack"), file("legacy", ".pth"),
  ]

  static let pickle = FuzzTarget(name: "pickle") { bytes in
    read(Scratch.write(Zip.torch(bytes).encoded, as: "pickle.pt"))
  }

  /// A file in a checkpoint's folder whose other files are good.
  private static func member(_ name: String, _ file: String) -> FuzzTarget {
    FuzzTarget(name: name) { bytes in
      let others = [
        ("model-00001-of-00001.safetensors", weights),
        ("model.safetensors.index.json", index), ("trainer_state.json", Array("{}".utf8)),
      ]
      var folder = ""
      for (other, content) in others + [(file, bytes)] {
        let path = Scratch.write(content, as: "\(name)/\(other)")
        folder = String(path.dropLast(other.utf8.count + 1))
      }
      read(folder)
    }
  }

  static let folderTargets: [FuzzTarget] = [
    member("index", "model.safetensors.index.json"), member("state", "trainer_state.json"),
  ]

  /// The `.metadata` of a distributed checkpoint, beside one data file.
  static let metadata = FuzzTarget(name: "metadata") { bytes in
    let data = Zip.torch(Pickle.whole(Pickle.tensor(shape: [4], strides: [1]))).encoded
    _ = Scratch.write(data, as: "metadata/__0_0.distcp")
    let path = Scratch.write(bytes, as: "metadata/.metadata")
    read(String(path.dropLast("/.metadata".utf8.count)))
  }

  private static let weights: [UInt8] = {
    let header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}"
    return little(UInt64(header.utf8.count), 8) + Array(header.utf8) + floats(4)
  }()
  private static let index = Array(
    "{\"weight_map\": {\"w\": \"model-00001-of-00001.safetensors\"}}".utf8)

  /// Opens a checkpoint and reads all of it, as a worker does.
  private static func read(_ path: String) {
    guard let checkpoint = try? Checkpoint.open(path) else { return }
    // What is expanded beyond its file takes its time; it is not what is looked for here.
    guard checkpoint.tensors.reduce(0, { $0 + min($1.shape.count, 1 << 20) }) < 1 << 20 else {
      return
    }
    let survey = try? checkpoint.survey()
    precondition(survey.map { $0.summaries.count == checkpoint.tensors.count } ?? true)
    _ = try? checkpoint.surveyMoments()
    for tensor in checkpoint.tensors.prefix(8) {
      let values = try? checkpoint.read(tensor)
      precondition(values.map { $0.values.count == tensor.shape.count } ?? true)
    }
    _ = try? checkpoint.verifyUnchanged()
  }
}
