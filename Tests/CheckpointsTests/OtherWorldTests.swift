// Checkpoints that were not written by PyTorch, against what the writers' own libraries read back, and
// the same files cut and damaged.
import Diagnostics
import Foundation
import Tensors
import Testing

@testable import Checkpoints

@Suite struct OtherWorldTests {
  struct Expected: Decodable {
    struct Tensor: Decodable {
      let name: String
      let shape: [Int]
      let norm: Double
    }
    let format: String
    let tensors: [Tensor]
    let step: Int?
    let moments: [String: Double]
  }

  static let expected: [String: Expected] =
    (try? JSONDecoder().decode(
      [String: Expected].self,
      from: Data(contentsOf: URL(fileURLWithPath: Fixture.path("otherworld/expected.json")))))
    ?? [:]
  static let files = expected.keys.sorted()

  @Test func fixturesAreThere() { #expect(Self.files.count >= 10) }

  @Test(arguments: files) func tensorsAndMomentsAsTheWriterReadsThem(name: String) throws {
    let truth = try #require(Self.expected[name])
    let checkpoint = try Checkpoint.open(Fixture.path("otherworld/\(name)"))
    #expect(checkpoint.format == truth.format)
    #expect(checkpoint.step == truth.step)
    let survey = try checkpoint.survey()
    #expect(survey.findings == [])
    var norms: [String: (shape: [Int], norm: Double?)] = [:]
    for (tensor, summary) in zip(checkpoint.tensors, survey.summaries) {
      norms[tensor.name] = (tensor.shape.dimensions, summary.frobeniusNorm)
    }
    #expect(Set(norms.keys) == Set(truth.tensors.map(\.name)))
    for tensor in truth.tensors {
      let found = try #require(norms[tensor.name])
      #expect(found.shape == tensor.shape, "\(tensor.name)")
      let norm = try #require(found.norm)
      #expect(abs(norm - tensor.norm) <= 1e-6 * tensor.norm, "\(tensor.name)")
    }
    var moments: [String: Double] = [:]
    for entry in checkpoint.moments?.entries ?? [] {
      moments[entry.parameter] = try checkpoint.frobeniusNorm(of: entry.secondMoment)
    }
    #expect(Set(moments.keys) == Set(truth.moments.keys))
    for (parameter, norm) in truth.moments {
      let found = try #require(moments[parameter])
      #expect(abs(found - norm) <= 1e-6 * norm, "\(parameter)")
    }
  }

  @Test(arguments: files) func cutFilesAreNeverReported(name: String) throws {
    let whole = try Fixture.bytes("otherworld/\(name)")
    let folder = try TemporaryFolder()
    let digest = try Checkpoint.open(Fixture.path("otherworld/\(name)")).digest()
    for count in stride(from: 0, to: whole.count, by: max(whole.count / 200, 1)) {
      let path = try folder.write(Array(whole[..<count]), as: name)
      do {
        // Only what pads the last tensor may be missing.
        let survey = try Checkpoint.open(path).survey()
        #expect(survey.digest == digest, "\(name) cut to \(count) bytes was accepted")
      } catch {
        #expect(error.kind == .tryAgain, "\(count): \(error)")
      }
    }
  }

  @Test(arguments: files) func damageNeverCrashes(name: String) throws {
    let seed: UInt64 = 7
    var random = Seeded(seed: seed)
    let whole = try Fixture.bytes("otherworld/\(name)")
    let folder = try TemporaryFolder()
    let digest = try Checkpoint.open(Fixture.path("otherworld/\(name)")).digest()
    let isChecked = name.hasSuffix(".npz") || name.hasSuffix(".keras")
    for round in 0..<300 {
      var damaged = whole
      // Most of the structure stands in the first kilobytes.
      let most = round % 2 == 0 ? min(2_048, whole.count) : whole.count
      damaged[Int.random(in: 0..<most, using: &random)] ^=
        1 << UInt8.random(in: 0..<8, using: &random)
      let path = try folder.write(damaged, as: name)
      // A crash ends the process; the seed and the round find it again.
      guard let checkpoint = try? Checkpoint.open(path), let survey = try? checkpoint.survey()
      else { continue }
      for entry in checkpoint.moments?.entries ?? [] {
        _ = try? checkpoint.summary(of: entry.secondMoment)
      }
      #expect(
        !isChecked || survey.digest == digest || !survey.findings.isEmpty,
        "\(name), seed \(seed), round \(round)")
    }
  }
}
