// Every layout of PyTorch's frameworks against what its own writer reads back (Fixtures/torch-frameworks).
import Diagnostics
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct TorchFrameworkTests {
  struct Expected: Decodable {
    struct Tensor: Decodable {
      let name: String
      let shape: [Int]
      let type: String
      let norm: Double
    }
    struct Moment: Decodable {
      let parameter: String
      let first: Double
      let second: Double
    }
    let tensors: [Tensor]
    let moments: [Moment]
    let format: String
    let writer: String?
    let dict: String
    let step: Int?
    let epoch: Double?
    let lr: Double?
    let betas: [Double]?
    let flags: [String]?
    let findings: [String]?
    let products: [Tensor]?
  }

  static let all: [String: Expected] = {
    guard let bytes = try? Fixture.bytes("torch-frameworks/expected.json") else { return [:] }
    return (try? JSONDecoder().decode([String: Expected].self, from: Data(bytes))) ?? [:]
  }()
  static let names = all.keys.sorted()

  @Test func fixturesAreThere() { #expect(Self.names.count >= 15) }

  @Test(arguments: names) func tensorsAsTheirWriterReadsThem(name: String) throws {
    let expected = try #require(Self.all[name])
    let checkpoint = try Checkpoint.open(Fixture.path("torch-frameworks/\(name)"))
    let survey = try checkpoint.survey(threads: 2)
    let stored = checkpoint.tensors.filter { !$0.isComputed }
    #expect(Set(stored.map(\.name)) == Set(expected.tensors.map(\.name)))
    #expect(stored.count == expected.tensors.count)
    #expect(checkpoint.tensors.count - stored.count == expected.products?.count ?? 0)
    for truth in expected.tensors + (expected.products ?? []) {
      let index = try #require(checkpoint.tensors.firstIndex { $0.name == truth.name })
      let tensor = checkpoint.tensors[index]
      #expect(tensor.shape.dimensions == truth.shape, "\(truth.name)")
      #expect(tensor.type.rawValue == truth.type, "\(truth.name)")
      let norm = try #require(survey.summaries[index].frobeniusNorm)
      // Products are computed in float32.
      let tolerance = tensor.isComputed ? 1e-6 : 1e-12
      #expect(close(norm, truth.norm, tolerance), "\(truth.name): \(norm), not \(truth.norm)")
      let values = try checkpoint.read(tensor).values
      var streamed: [Float] = []
      try checkpoint.forEachBlock(of: tensor, elements: 5) { streamed += $0 }
      #expect(streamed == values, "\(truth.name)")
    }
    #expect(survey.findings == [])
    #expect(try checkpoint.verifyUnchanged() == .unchanged)
  }

  @Test(arguments: names) func factsAndMoments(name: String) throws {
    let expected = try #require(Self.all[name])
    let checkpoint = try Checkpoint.open(Fixture.path("torch-frameworks/\(name)"))
    #expect(checkpoint.format == expected.format)
    #expect(checkpoint.writer == expected.writer)
    #expect(checkpoint.stateDictPath == expected.dict)
    #expect(checkpoint.step == expected.step)
    if let epoch = expected.epoch { #expect(checkpoint.epoch == epoch) }
    if let rate = expected.lr { #expect(checkpoint.learningRate == rate) }
    // Fixtures lie as they were checked out: in any order of time.
    let findings = checkpoint.findings.map(\.code).filter { $0 != "stale-metadata" }
    if let codes = expected.findings { #expect(findings == codes, "\(checkpoint.findings)") }
    guard !expected.moments.isEmpty else {
      #expect(checkpoint.moments == nil)
      return
    }
    let moments = try #require(checkpoint.moments, "\(checkpoint.findings)")
    #expect(moments.beta2 == expected.betas?.last)
    #expect(moments.flags == expected.flags ?? [])
    #expect(Set(moments.entries.map(\.parameter)) == Set(expected.moments.map(\.parameter)))
    for truth in expected.moments {
      let entry = try #require(moments.entries.first { $0.parameter == truth.parameter })
      let second = try checkpoint.summary(of: entry.secondMoment).sum
      #expect(close(second, truth.second, 1e-12), "\(truth.parameter)")
      let kept = try #require(entry.firstMoment)
      let first = try #require(try checkpoint.summary(of: kept).frobeniusNorm)
      #expect(close(first, truth.first, 1e-12), "\(truth.parameter)")
    }
  }

  /// Cut anywhere, nothing is reported, and what may still be growing is tried again.
  @Test(arguments: [
    "legacy.pt", "fsdp2/.metadata", "fsdp2/__0_0.distcp",
    "zero2/global_step3/mp_rank_00_model_states.pt",
    "zero3/global_step3/bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt",
  ])
  func cutFilesAreNeverReported(name: String) throws {
    let whole = try Fixture.bytes("torch-frameworks/\(name)")
    let folder = try TemporaryFolder()
    var opened = "\(folder.path)/\(name)"
    if let slash = name.lastIndex(of: "/") {
      let source = Fixture.path("torch-frameworks/\(name[..<slash])")
      for file in try FileManager.default.contentsOfDirectory(atPath: source) {
        try folder.write(
          [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(source)/\(file)"))), as: file)
      }
      opened = folder.path
    }
    let leaf = name.split(separator: "/").last.map(String.init) ?? name
    for count in stride(from: 0, to: whole.count, by: max(whole.count / 400, 1)) {
      try folder.write(Array(whole[..<count]), as: leaf)
      do {
        _ = try Checkpoint.open(opened)
        Issue.record("\(name) cut to \(count) bytes was accepted")
      } catch {
        #expect(error.kind == .tryAgain, "\(count): \(error)")
      }
    }
  }

  /// A bit that flips anywhere in a file of any layout shows in the weights' digest and in a finding, or
  /// in neither, or makes the folder unreadable.
  @Test(arguments: [
    "fsdp2", "titan/step-30", "epoch=3-step=40.ckpt", "zero1/global_step3", "zero2/global_step3",
    "zero3/global_step3", "experts/global_step2",
  ])
  func flippedBitsAreFound(name: String) throws {
    let seed: UInt64 = 11
    var random = Seeded(seed: seed)
    let source = Fixture.path("torch-frameworks/\(name)")
    let folder = try TemporaryFolder()
    let leaf = name.split(separator: "/").last.map(String.init) ?? name
    let path = "\(folder.path)/\(leaf)"
    try FileManager.default.copyItem(atPath: source, toPath: path)
    let whole = try Checkpoint.open(path)
    let digest = try whole.digest()
    let files = try FileManager.default.contentsOfDirectory(atPath: path)
      .filter { $0.hasSuffix(".pt") || $0.hasSuffix(".distcp") }.sorted()
    var found = 0
    for round in 0..<120 {
      let file = "\(leaf)/\(files[round % files.count])"
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(file)")))
      var damaged = bytes
      damaged[Int.random(in: 0..<bytes.count, using: &random)] ^=
        1 << UInt8.random(in: 0..<8, using: &random)
      try folder.write(damaged, as: file)
      defer { _ = try? folder.write(bytes, as: file) }
      guard let checkpoint = try? Checkpoint.open(path), let survey = try? checkpoint.survey()
      else { continue }
      _ = try? checkpoint.surveyMoments()
      // A tensor whose type is no longer known is left out with a remark.
      let isFound =
        survey.findings.contains { $0.code == "bit-rot" }
        || checkpoint.tensors.count < whole.tensors.count
      found += isFound ? 1 : 0
      #expect(
        survey.digest == digest || isFound,
        "\(file), seed \(seed), round \(round): \(survey.findings)")
    }
    #expect(found > 0)
  }

  private func close(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
    a == b || abs(a - b) <= tolerance * max(abs(a), abs(b))
  }
}
