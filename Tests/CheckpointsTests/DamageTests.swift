// Files cut at every byte and with every bit of their headers turned: never a crash, and never
// other weights without a remark (reliability.md).
import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct DamageTests {
  @Test(arguments: ["mini.pt", "mini.safetensors", "float8.safetensors"])
  func cutFilesAreNeverReported(name: String) throws {
    let whole = try Fixture.bytes(name)
    let folder = try TemporaryFolder()
    let ending = name.split(separator: ".").last ?? ""
    for count in 0..<whole.count {
      let path = try folder.write(Array(whole[..<count]), as: "cut.\(ending)")
      do {
        _ = try Checkpoint.open(path)
        Issue.record("\(name) cut to \(count) bytes was accepted")
      } catch {
        // It may still be growing.
        #expect(error.kind == .tryAgain, "\(count): \(error)")
      }
    }
  }

  @Test func cutFoldersAreNeverReported() throws {
    for name in ["model.safetensors", "optimizer.pt", "trainer_state.json"] {
      let whole = try Fixture.bytes("checkpoint-30/\(name)")
      for count in stride(from: 0, to: whole.count, by: max(whole.count / 25, 1)) {
        let folder = try TemporaryFolder()
        for other in ["model.safetensors", "optimizer.pt", "trainer_state.json", "config.json"] {
          try folder.write(try Fixture.bytes("checkpoint-30/\(other)"), as: other)
        }
        try folder.write(Array(whole[..<count]), as: name)
        #expect(throws: Problem.self, "\(name) cut to \(count)") {
          try Checkpoint.open(folder.path)
        }
      }
    }
  }

  @Test func turnedBitsNeverChangeAnArchiveSilently() throws {
    let whole = try Fixture.bytes("mini.pt")
    let folder = try TemporaryFolder()
    let digest = try Checkpoint.open(Fixture.path("mini.pt")).digest()
    var accepted = 0
    for index in whole.indices {
      for bit in 0..<8 {
        var damaged = whole
        damaged[index] ^= 1 << bit
        let path = try folder.write(damaged, as: "x.pt")
        guard let checkpoint = try? Checkpoint.open(path), let survey = try? checkpoint.survey()
        else { continue }
        accepted += 1
        #expect(
          survey.digest == digest || survey.findings.contains { $0.code == "bit-rot" },
          "byte \(index), bit \(bit)")
      }
    }
    // Most of the small file is padding, dates and the like.
    #expect(accepted > 1_000)
  }

  @Test func turnedBitsNeverCrashAHeader() throws {
    let whole = try Fixture.bytes("mini.safetensors")
    let folder = try TemporaryFolder()
    for index in whole.indices {
      for bit in 0..<8 {
        var damaged = whole
        damaged[index] ^= 1 << bit
        let path = try folder.write(damaged, as: "x.safetensors")
        _ = try (try? Checkpoint.open(path))?.survey()
      }
    }
  }

  /// Bytes replaced, inserted, deleted and repeated at random places.
  @Test(arguments: [
    "script.pt", "zoo.pt", "nanogpt.pt", "module.pt", "zoo.safetensors", "arrays.npz",
    "compressed.npz",
  ]) func randomDamageNeverCrashes(name: String) throws {
    let seed: UInt64 = 2_026
    var random = Seeded(seed: seed)
    let whole = try Fixture.bytes(name)
    let folder = try TemporaryFolder()
    let ending = name.split(separator: ".").last ?? ""
    for round in 0..<400 {
      var damaged = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<damaged.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: damaged[place] = .random(in: 0...255, using: &random)
        case 1: damaged.insert(.random(in: 0...255, using: &random), at: place)
        case 2: damaged.remove(at: place)
        case 3: damaged[place] = [0, 0xFF, 0x7F, 0x80].randomElement(using: &random) ?? 0
        default:
          let other = Int.random(in: 0..<damaged.count, using: &random)
          damaged[place] = damaged[other]
        }
      }
      let path = try folder.write(damaged, as: "x.\(ending)")
      // A crash ends the process; the seed and the round find it again.
      let context = "\(name), seed \(seed), round \(round)"
      if ending == "npz" {
        if let arrays = try? NumPyArchive.open(path) { #expect(arrays.count < 100, "\(context)") }
      } else if let checkpoint = try? Checkpoint.open(path) {
        let survey = try? checkpoint.survey()
        #expect(survey == nil || survey?.summaries.count == checkpoint.tensors.count, "\(context)")
        for entry in checkpoint.moments?.entries ?? [] {
          _ = try? checkpoint.summary(of: entry.secondMoment)
        }
      }
    }
  }

  /// The pickle alone, without the archive's checks in front of it.
  @Test func randomPicklesNeverCrash() throws {
    let seed: UInt64 = 99
    var random = Seeded(seed: seed)
    let opcodes = Array("(.0125FIJKLMNPQRSTUVXabcd}eghijl]opqrstu)GBC".utf8) + Array(0x80...0x98)
    let seeds = [
      Pickled.dict([("w", .tensor(count: 4, shape: [2, 2], strides: [2, 1]))]).pickle,
      Pickled.build(.reduce(.global("a", "B"), .tuple([])), .dict([("x", .float(1))])).pickle,
    ]
    for _ in 0..<4_000 {
      var pickle = seeds.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        let place = Int.random(in: 0...pickle.count, using: &random)
        let opcode = opcodes.randomElement(using: &random) ?? 0
        if place < pickle.count, Bool.random(using: &random) {
          pickle[place] = opcode
        } else {
          pickle.insert(opcode, at: place)
        }
      }
      guard let (root, _) = try? PickleMachine.run(pickle, path: "p") else { continue }
      _ = root.entries
      _ = root.text
    }
  }
}
