// A worker's memory is that of its largest tensor, whatever the file's size (etc/check-memory does it
// with 50 GB).

import Foundation
import HostileCorpus
import Reports
import Testing

@Suite struct MemoryTests {
  private static let shape = [256, 16_384]
  private static let tensorBytes = 4 * 256 * 16_384

  /// A sparse safetensors file of so many tensors of 16 MiB.
  private static func write(_ path: String, tensors: Range<Int>) throws {
    let items = tensors.map { number in
      let start = (number - tensors.lowerBound) * tensorBytes
      return "\"layers.\(number).weight\":{\"dtype\":\"F32\",\"shape\":\(shape),"
        + "\"data_offsets\":[\(start),\(start + tensorBytes)]}"
    }
    let header = Array("{\(items.joined(separator: ","))}".utf8)
    try Data(little(UInt64(header.count), 8) + header).write(to: URL(filePath: path))
    let size = 8 + header.count + tensors.count * tensorBytes
    try #require(truncate(path, size) == 0)
  }

  @Test(arguments: [false, true]) func isBoundedByTheLargestTensor(isSharded: Bool) throws {
    let folder =
      FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
      + "/plasticityd-memory-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: folder + "/checkpoint-1", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var path = folder + "/step_1.safetensors"
    let count = 24
    if isSharded {
      path = folder + "/checkpoint-1"
      var index: [String] = []
      for shard in 0..<4 {
        let name = "model-0000\(shard + 1)-of-00004.safetensors"
        let tensors = (shard * count / 4)..<((shard + 1) * count / 4)
        try Self.write("\(path)/\(name)", tensors: tensors)
        index += tensors.map { "\"layers.\($0).weight\":\"\(name)\"" }
      }
      let document = "{\"weight_map\":{\(index.joined(separator: ","))}}"
      try Data(document.utf8).write(to: URL(filePath: path + "/model.safetensors.index.json"))
      try Data("{\"global_step\":1}".utf8).write(to: URL(filePath: path + "/trainer_state.json"))
    } else {
      try Self.write(path, tensors: 0..<count)
    }
    let finished = try Program.plasticityd("probe", path)
    #expect(finished.code == 0, "\(finished.error)")
    let report = try CheckpointReport(yaml: finished.output, path: path)
    #expect(report.checkpoint.bytes > count * Self.tensorBytes)
    #expect(report.findings.contains { $0.code == "sparse-file" })
    #expect(report.took.peakMemoryBytes < 4 * Self.tensorBytes + 64 << 20)
    #expect(report.took.peakMemoryBytes < report.checkpoint.bytes / 2)
  }
}
