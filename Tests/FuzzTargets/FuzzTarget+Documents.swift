// What is read beside checkpoints: batches, graphs, configuration, and what workers say.
import Checkpoints
import Diagnostics
import Networks
import Reports
import YAML

extension FuzzTarget {
  static let npy = FuzzTarget(name: "npy") { bytes in
    _ = try? NumPyArchive.open(Scratch.write(bytes, as: "array.npy"))
  }

  static let npz = FuzzTarget(name: "npz") { bytes in
    _ = try? NumPyArchive.open(Scratch.write(bytes, as: "batch.npz"))
  }

  static let onnx = FuzzTarget(name: "onnx") { bytes in
    guard let graph = try? Graph.parse(bytes, path: "graph.onnx") else { return }
    _ = graph.externalTables
  }

  /// What is read is written so that it reads the same again.
  static let yaml = FuzzTarget(name: "yaml") { bytes in
    let source = Source(file: "config.yaml", kind: .configuration)
    guard let node = try? Node.parse(bytes, source: source) else { return }
    let text = node.emitted()
    // Escapes make it longer.
    guard text.count < 256 << 10 else { return }
    guard let again = try? Node.parse(text, source: source) else {
      preconditionFailure("what was written cannot be read")
    }
    precondition(again.emitted() == text, "what was written reads as something else")
  }

  static let workerReport = FuzzTarget(name: "worker-report") { bytes in
    guard let report = try? CheckpointReport(yaml: bytes, path: "worker") else { return }
    _ = try? report.yaml()
  }
}
