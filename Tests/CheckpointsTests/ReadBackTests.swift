// Checkpoints that were not written by PyTorch, against what the writers' own libraries read back, and
// the same files cut and damaged.
import Diagnostics
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct ReadBackTests {
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
    let learningRate: Double?
    /// Arrays that are not read.
    let leftOut: [String]?

    enum CodingKeys: String, CodingKey {
      case format, tensors, step, moments
      case learningRate = "learning_rate"
      case leftOut = "left_out"
    }
  }

  /// Folders of fixtures, each with its generator and what the writer read back.
  static let folders = ["numpy", "gguf", "flax", "keras", "tensorflow", "orbax"]
  static let expected: [String: Expected] = {
    var all: [String: Expected] = [:]
    for folder in folders {
      guard let bytes = try? Fixture.bytes("\(folder)/expected.json"),
        let known = try? JSONDecoder().decode([String: Expected].self, from: Data(bytes))
      else { continue }
      for (name, facts) in known { all["\(folder)/\(name)"] = facts }
    }
    return all
  }()
  static let files = expected.keys.sorted()

  @Test func fixturesAreThere() {
    for folder in Self.folders {
      #expect(Self.files.contains { $0.hasPrefix("\(folder)/") }, "\(folder)")
    }
  }

  @Test(arguments: files) func tensorsAndMomentsAsTheWriterReadsThem(name: String) throws {
    let truth = try #require(Self.expected[name])
    let checkpoint = try Checkpoint.open(Fixture.path(name))
    #expect(checkpoint.format == truth.format)
    #expect(checkpoint.step == truth.step)
    if let rate = truth.learningRate {
      let found = try #require(checkpoint.learningRate)
      // Keras keeps it in float32.
      #expect(abs(found - rate) <= 1e-7 * rate)
    }
    if let names = truth.leftOut {
      let left = checkpoint.findings.filter { $0.code == "unsupported-dtype" }
      #expect(left.map(\.place).sorted() == names)
    }
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

  /// A copy of a checkpoint whose files are changed one by one, and their names in it.
  private func copy(_ name: String) throws -> (
    folder: TemporaryFolder, path: String, files: [String]
  ) {
    let folder = try TemporaryFolder()
    let source = Fixture.path(name)
    let leaf = name.split(separator: "/").last.map(String.init) ?? name
    let path = "\(folder.path)/\(leaf)"
    try FileManager.default.copyItem(atPath: source, toPath: path)
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: source, isDirectory: &isFolder)
    if isFolder.boolValue {
      let inside = try FileManager.default.subpathsOfDirectory(atPath: path).filter { inner in
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: "\(path)/\(inner)", isDirectory: &isFolder)
          && !isFolder.boolValue
      }
      return (folder, path, inside.sorted().map { "\(leaf)/\($0)" })
    }
    // The data files of a bundle, the parts of Keras' weights.
    let beside = (source as NSString).deletingLastPathComponent
    let stem =
      leaf.hasSuffix(".weights.json")
      ? "\(leaf.dropLast(13))_" : "\((leaf as NSString).deletingPathExtension).data-"
    var files = [leaf]
    for other in try FileManager.default.contentsOfDirectory(atPath: beside).sorted()
    where other.hasPrefix(stem) {
      try FileManager.default.copyItem(
        atPath: "\(beside)/\(other)", toPath: "\(folder.path)/\(other)")
      files.append(other)
    }
    return (folder, path, files)
  }

  @Test(arguments: files) func cutFilesAreNeverReported(name: String) throws {
    let (folder, path, files) = try copy(name)
    let digest = try Checkpoint.open(path).digest()
    for file in files {
      let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(file)")))
      for count in stride(from: 0, to: whole.count, by: max(whole.count * files.count / 100, 1)) {
        try folder.write(Array(whole[..<count]), as: file)
        do {
          // Only what pads the last tensor, or is not needed, may be missing.
          let survey = try Checkpoint.open(path).survey()
          #expect(survey.digest == digest, "\(file) cut to \(count) bytes was accepted")
        } catch {
          #expect(error.kind == .tryAgain, "\(file), \(count): \(error)")
        }
      }
      try folder.write(whole, as: file)
    }
  }

  @Test(arguments: files) func damageNeverCrashes(name: String) throws {
    let seed: UInt64 = 7
    var random = Seeded(seed: seed)
    let (folder, path, files) = try copy(name)
    let digest = try Checkpoint.open(path).digest()
    let isChecked = [".npz", ".keras", ".index"].contains(where: name.hasSuffix)
    for round in 0..<150 {
      let file = files[round / 2 % files.count]
      let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(file)")))
      guard !whole.isEmpty else { continue }
      var damaged = whole
      // Most of the structure stands in the first kilobytes.
      let most = round % 2 == 0 ? min(2_048, whole.count) : whole.count
      damaged[Int.random(in: 0..<most, using: &random)] ^=
        1 << UInt8.random(in: 0..<8, using: &random)
      try folder.write(damaged, as: file)
      defer { _ = try? folder.write(whole, as: file) }
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
