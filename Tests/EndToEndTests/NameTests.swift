// Names that YAML, a terminal or a log could take for something else survive every document.

import Foundation
import Reports
import Testing

@Suite struct NameTests {
  static let names = [
    "yes", "no", "null", "~", "1e3", "0x10", "12:30:00", "2026-01-01", ".inf", "a: b", "- a", "#a",
    "a #b", "*a", "&a", "!!python/object:os.system", "a\nb", "a\r\nb", "tab\there", " leading",
    "trailing ", "\u{1B}[2J\u{1B}[31mred", "\u{202E}backwards", "\u{85}", "\u{2028}", "\u{FEFF}b",
    "'single'", "\"double\"", "back\\slash", "{a: b}", "[a, b]", "%TAG", "---", "...", "é",
    "e\u{301}", "\u{1F600}", "\u{7F}", "a,b",
  ]

  private func names(_ document: [String: Any]) throws -> [String] {
    try #require(document["tensors"] as? [[String: Any]]).compactMap { $0["name"] as? String }
  }

  private func bytes(_ names: [String]) -> Set<[UInt8]> { Set(names.map { Array($0.utf8) }) }

  @Test func surviveInspection() throws {
    let tree = try DaemonTree()
    let path = "\(tree.path)/step_1.safetensors"
    try Data(HostileFiles.safetensors(Self.names)).write(to: URL(filePath: path))
    let finished = try Program.plasticityd("inspect", path)
    try #require(finished.code == 0, "\(finished.error)")
    let ours = try InspectionReport(yaml: finished.output, path: path)
    #expect(bytes(ours.tensors.map(\.name)) == bytes(Self.names))
    #expect(ours.tensors.count == Self.names.count)
    // Nothing but line ends and printable text reaches a terminal.
    #expect(!finished.output.contains { ($0 < 0x20 && $0 != 0x0A) || $0 == 0x7F })
    guard PyYAML.python != nil else { return }
    #expect(bytes(try names(try PyYAML.load(finished.output))) == bytes(Self.names))
  }

  @Test func surviveTheReport() throws {
    let tree = try DaemonTree()
    // The folder's and the file's names are as odd as the tensors'.
    let run = "yes: \u{1B}[2J\nno"
    let folder = "\(tree.path)/runs/\(run)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(HostileFiles.safetensors(Self.names)).write(
      to: URL(filePath: "\(folder)/1e3: \n#step_7.safetensors"))
    try tree.start()
    let written = eventually { !tree.checkpointReports().isEmpty }
    try #require(written, "\(tree.log)")
    #expect(tree.stop().code == 0)
    let name = try #require(tree.checkpointReports().first)
    let report = try tree.checkpoint(name)
    #expect(report.run == run)
    #expect(report.checkpoint.path == "\(folder)/1e3: \n#step_7.safetensors")
    #expect(report.checkpoint.step == 7)
    let tensors = report.layers.flatMap(\.tensors).map(\.name)
    let left = report.skipped.map(\.name)
    #expect(bytes(tensors + left) == bytes(Self.names))
    // One event is one line, whatever is in a name.
    #expect(
      tree.log.split(separator: "\n").allSatisfy { $0.hasPrefix("<") && !$0.contains("\u{1B}") })
    guard PyYAML.python != nil else { return }
    let (count, failures) = try PyYAML.failures(below: tree.reports)
    #expect(failures.isEmpty && count == 3, "\(failures)")
    let document = try PyYAML.load(try tree.bytes(name))
    #expect(document["run"] as? String == run)
    let layers = try #require(document["layers"] as? [[String: Any]])
    let read = layers.flatMap { ($0["tensors"] as? [[String: Any]]) ?? [] }
      .compactMap { $0["name"] as? String }
    #expect(bytes(read) == bytes(tensors))
  }

  /// A visible mark that the second reader was missing.
  @Test(.enabled(if: PyYAML.python != nil, "no python3 with PyYAML: documents read by ours only"))
  func aSecondReaderIsThere() throws {
    #expect(try PyYAML.load(Array("a: 1\n".utf8))["a"] as? Int == 1)
  }
}
