import Foundation
import Pipeline
import Reports
import Testing

/// Networks of many kinds as people export them, against PyTorch in float64 (Fixtures/networks).
@Suite struct NetworkTests {
  struct Reference: Decodable {
    let loss: Double
    let exact: [String: Double]
    let empirical: [String: Double]
  }

  private static let folder = Fixtures.root.appending(path: "networks")

  @Test(arguments: [
    "one-place", "unet", "lstm-deep", "bert-tokens", "vit", "llama-padded", "multi-label",
    "square-older", "routed", "spatial-transformer", "lstm-time-first", "lstm-optimized",
    "norms-optimized", "vgg-optimized", "gru-older", "adapted", "adapters-alone",
  ])
  func agrees(_ name: String) throws {
    let folder = Self.folder.appending(path: name)
    let reference = try JSONDecoder().decode(
      Reference.self, from: Data(contentsOf: folder.appending(path: "reference.json")))
    let checkpoint = ["model.safetensors", "step_4.pt"].map { folder.appending(path: $0).path }
      .first { FileManager.default.fileExists(atPath: $0) }
    var request = ProbeRequest()
    request.probe = try ProbeDefinition(directory: folder.appending(path: "probe").path)
    request.labels = .exact
    let report = try probe(try #require(checkpoint), request)

    #expect(report.findings.filter { $0.where.contains("graph.onnx") }.isEmpty)
    let loss = try #require(report.performance?.loss.value)
    #expect(abs(loss - reference.loss) <= 1e-3 * reference.loss)
    let tensors = Dictionary(
      uniqueKeysWithValues: report.layers.flatMap(\.tensors).map { tensor in
        let prefix = "module._orig_mod."
        return (
          tensor.name.hasPrefix(prefix) ? String(tensor.name.dropFirst(prefix.count)) : tensor.name,
          tensor
        )
      })
    let measured = tensors.filter { $0.value.fisherTrace?.value != nil }
    #expect(Set(measured.keys) == Set(reference.exact.keys))
    for (wanted, values) in [
      (reference.exact, tensors.mapValues(\.fisherTrace)),
      (reference.empirical, tensors.mapValues(\.empiricalFisherTrace)),
    ] {
      let total = wanted.values.reduce(0, +)
      for (name, expected) in wanted {
        let value = try #require(values[name]??.value, "\(name)")
        #expect(abs(value - expected) <= 1e-3 * max(expected, 1e-6 * total), "\(name)")
      }
    }
  }
}
