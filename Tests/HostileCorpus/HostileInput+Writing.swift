// Putting an input on the disk.
import Foundation

extension HostileInput {
  /// Writes its files below a folder that exists; returns the path of the checkpoint.
  ///
  /// - Parameter graph: a probe's graph, which its folder needs beside the batch.
  package func write(below folder: String, graph: String? = nil) throws -> String {
    for (name, content) in files {
      let path = "\(folder)/\(name)"
      let parent = URL(filePath: path).deletingLastPathComponent().path
      try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
      switch content {
      case .bytes(let bytes): try Data(bytes).write(to: URL(filePath: path))
      case .sparse(let bytes, let size):
        try Data(bytes).write(to: URL(filePath: path))
        guard truncate(path, size) == 0 else { throw CocoaError(.fileWriteUnknown) }
      case .link(let target):
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
      case .fifo: guard mkfifo(path, 0o600) == 0 else { throw CocoaError(.fileWriteUnknown) }
      case .folder:
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      }
    }
    if isProbe, let graph {
      try FileManager.default.copyItem(atPath: graph, toPath: "\(folder)/\(checkpoint)/graph.onnx")
    }
    return "\(folder)/\(checkpoint)"
  }
}
