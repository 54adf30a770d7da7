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

  /// The index of a bundle: whole, its entries with right checksums around them, the same
  /// compressed, and its graph.
  static let bundleTargets: [FuzzTarget] = [
    FuzzTarget(name: "bundle") { readBundle($0, data: floats(4)) },
    FuzzTarget(name: "bundle-entries") { readBundle(Bundle.index($0), data: floats(64)) },
    FuzzTarget(name: "bundle-snappy") { bytes in
      readBundle(Bundle.table(stored: bytes, compression: 1), data: floats(64))
    },
    FuzzTarget(name: "bundle-graph") { bytes in
      let text = Bundle.text(bytes)
      let entry = Bundle.entry(
        type: 7, [], offset: 16, bytes: UInt64(text.count), checksum: Bundle.checksum(ofText: bytes)
      )
      readBundle(
        Bundle.table(
          Bundle.pair("", Bundle.header()) + Bundle.pair("_CHECKPOINTABLE_OBJECT_GRAPH", entry)
            + Bundle.pair("a", Bundle.good)), data: floats(4) + text)
    },
  ]

  private static func readBundle(_ index: [UInt8], data: [UInt8]) {
    _ = Scratch.write(data, as: "bundle/a.data-00000-of-00001")
    read(Scratch.write(index, as: "bundle/a.index"))
  }

  /// A tree of keys: its manifest and its root with right checksums around them, a description of an
  /// array, and a compressed chunk.
  static let orbaxTargets: [FuzzTarget] = [
    FuzzTarget(name: "ocdbt-manifest") { bytes in
      readTree(
        OrbaxBytes.manifest(bytes), OrbaxBytes.leaf([("w/.zarray", OrbaxBytes.zarray())]))
    },
    FuzzTarget(name: "ocdbt-node") { readTree(root: OrbaxBytes.node($0)) },
    FuzzTarget(name: "zarr") { bytes in
      let values = [("v/zarr.json", bytes), ("w/.zarray", bytes), ("w/0", floats(4))]
      readTree(root: OrbaxBytes.leaf(values))
    },
    FuzzTarget(name: "zstd") { bytes in
      let description = OrbaxBytes.zarray(compressor: #"{"id":"zstd"}"#)
      readTree(root: OrbaxBytes.leaf([("w/.zarray", description), ("w/0", bytes)]))
    },
  ]

  private static func readTree(root: [UInt8]) {
    readTree(OrbaxBytes.manifest(file: "d/0", count: UInt64(root.count)), root)
  }

  private static func readTree(_ manifest: [UInt8], _ root: [UInt8]) {
    _ = Scratch.write(root, as: "ocdbt/d/0")
    let path = Scratch.write(manifest, as: "ocdbt/manifest.ocdbt")
    read(String(path.dropLast("/manifest.ocdbt".utf8.count)))
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
