// Every hostile input through the built program: one line, the right code, in little time and memory.

import Foundation
import HostileCorpus
import Reports
import Testing

@Suite struct CorpusTests {
  /// What became of an input; nil when it is what was expected.
  private static func surprise(_ input: HostileInput, in folder: String) throws -> String? {
    let path = try input.write(
      below: folder, graph: Fixtures.probe("mnist1d-cnn-sgd") + "/graph.onnx")
    let arguments =
      input.isProbe
      ? [Fixtures.checkpoint("mnist1d-cnn-sgd", "epoch_000.pt"), "--probe", path] : [path]
    let finished = try Program.run(
      Program.plasticityd, ["probe"] + arguments + ["--memory-limit-mebibytes", "512"])
    let said =
      "\(finished.code.map(String.init) ?? "signal \(finished.signal ?? 0)") \(finished.error)"
    switch input.outcome {
    case .refused(let code), .notYet(let code):
      var exit: Set<Int32> = [65]
      if case .notYet = input.outcome { exit = [75] }
      if input.isProbe { exit = [78] }
      guard exit.contains(finished.code ?? -1), finished.errorLines.count == 1,
        finished.error.hasPrefix("\(code): "), finished.output.isEmpty
      else { return "\(code), but \(said)" }
    case .read(let finding):
      guard finished.code == 0 else { return "to be read, but \(said)" }
      let report = try CheckpointReport(yaml: finished.output, path: input.name)
      guard finding.map({ code in report.findings.contains { $0.code == code } }) ?? true else {
        return "\(finding ?? ""), but \(report.findings)"
      }
    }
    return nil
  }

  @Test func everyInputCostsOneLine() throws {
    let folder =
      FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
      + "/plasticityd-corpus-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let marker = "/tmp/executed"
    try? FileManager.default.removeItem(atPath: marker)
    let inputs = HostileInput.all
    #expect(Set(inputs.map(\.name)).count == inputs.count)
    let odd = Failures()
    DispatchQueue.concurrentPerform(iterations: 2) { half in
      for place in stride(from: half, to: inputs.count, by: 2) {
        let own = "\(folder)/\(place)"
        do {
          try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
          if let surprise = try Self.surprise(inputs[place], in: own) {
            odd.add("\(inputs[place].name): \(surprise)")
          }
        } catch {
          odd.add("\(inputs[place].name): \(error)")
        }
        try? FileManager.default.removeItem(atPath: own)
      }
    }
    #expect(odd.all.isEmpty, "\(odd.all.joined(separator: "\n"))")
    #expect(!FileManager.default.fileExists(atPath: marker))
  }
}
