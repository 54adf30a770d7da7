import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Watching

@Suite struct ScannerTests {
  let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func scan(_ limits: ScanLimits = ScanLimits()) throws -> ScanResult {
    try Scanner(root: folder.path, limits: limits).scan()
  }

  private func names(_ result: ScanResult) -> [String] {
    result.candidates.map { String($0.path.dropFirst(folder.path.count + 1)) }.sorted()
  }

  @Test func findsFilesAndTheirRuns() throws {
    try folder.file("a.pt")
    try folder.file("lab/run1/step_1.pt")
    try folder.file("lab/run10/step_1.ckpt")
    try folder.file("lab/notes.txt")
    let result = try scan()
    #expect(names(result) == ["a.pt", "lab/run1/step_1.pt", "lab/run10/step_1.ckpt"])
    let runs = Set(result.candidates.map(\.runDirectory))
    #expect(runs == [folder.path, folder.path + "/lab/run1", folder.path + "/lab/run10"])
    #expect(result.isWhole)
    #expect(result.oddities.isEmpty)
  }

  @Test func passesOverTemporaryAndHiddenFolders() throws {
    for name in ["tmp-checkpoint-3", ".ipynb_checkpoints", "x_tmp", "5.orbax-checkpoint-tmp-1"] {
      try folder.file("\(name)/model.pt")
    }
    #expect(names(try scan()) == [])
  }

  @Test func takesATrainersFolderAsOne() throws {
    for name in ["model.safetensors", "optimizer.pt", "trainer_state.json", "rng_state.pth"] {
      try folder.file("run/checkpoint-100/\(name)")
    }
    try folder.file("run/checkpoint-100/global_step100/mp_rank_00_model_states.pt")
    let result = try scan()
    #expect(names(result) == ["run/checkpoint-100"])
    #expect(result.candidates.first?.kind == .folder)
    #expect(result.candidates.first?.runDirectory == folder.path + "/run")
    let members = result.candidates.first?.fingerprint.members.map(\.name)
    #expect(
      members == [
        "global_step100/mp_rank_00_model_states.pt", "model.safetensors", "optimizer.pt",
        "trainer_state.json",
      ])
  }

  @Test func keepsAFinishedRunARun() throws {
    try folder.file("run/checkpoint-100/model.safetensors")
    try folder.file("run/model.safetensors")
    try folder.file("run/config.json")
    let result = try scan()
    #expect(names(result) == ["run/checkpoint-100", "run/model.safetensors"])
    #expect(Set(result.candidates.map(\.runDirectory)) == [folder.path + "/run"])
  }

  @Test func waitsForWeightsBeforeAFolderCounts() throws {
    for name in ["optimizer.pt", "scheduler.pt", "rng_state.pth", "training_args.bin"] {
      try folder.file("checkpoint-100/\(name)")
    }
    #expect(names(try scan()) == [])
  }

  @Test func neverFollowsOrOpensWhatIsNoFile() throws {
    try folder.link("shadow.pt", to: "/etc/shadow")
    try folder.link("elsewhere", to: "/etc")
    try folder.folder("model.ckpt")
    try folder.file("model.ckpt/meta.pt")
    #expect(mkfifo(folder.path + "/pipe.pt", 0o600) == 0)
    let result = try scan()
    #expect(names(result) == [])
    let lines = result.oddities.map { "\($0.problem)" }.sorted()
    let remedy = "nothing is needed; only regular files and folders of them are read"
    #expect(
      lines
        == [
          ("model.ckpt", "a folder"), ("pipe.pt", "a FIFO"), ("shadow.pt", "a symbolic link"),
        ].map {
          "not-regular: \(folder.path)/\($0.0): named like a checkpoint, but it is \($0.1); \(remedy)"
        })
  }

  /// accelerate makes `checkpoint_19`, which a file of Flax's could be called too, and fills it later.
  @Test func aFolderThatIsStillEmptyIsNoNews() throws {
    try folder.folder("run/checkpoint_19")
    let result = try scan()
    #expect(names(result) == [])
    #expect(result.oddities.isEmpty)
  }

  @Test func linksWithinTheRootAreNoNews() throws {
    try folder.file("run/a.ckpt")
    try folder.link("run/last.ckpt", to: "a.ckpt")
    try folder.link("run/best.ckpt", to: folder.path + "/run/a.ckpt")
    try folder.link("run/gone.ckpt", to: "b.ckpt")
    try folder.link("run/out.ckpt", to: "../../none.ckpt")
    try folder.link("run/loop.ckpt", to: "loop.ckpt")
    // What it leads to is seen under no name of its own.
    try folder.file("run/blobs/0123")
    try folder.link("run/model.ckpt", to: "blobs/0123")
    try folder.file("run/.cache/a.ckpt")
    try folder.link("run/hidden.ckpt", to: ".cache/a.ckpt")
    let result = try scan()
    #expect(names(result) == ["run/a.ckpt"])
    #expect(
      result.oddities.map(\.path)
        == ["hidden", "loop", "model", "out"].map { "\(folder.path)/run/\($0).ckpt" })
    #expect(
      result.links
        == ["best", "last"].map {
          CheckpointLink(path: "\(folder.path)/run/\($0).ckpt", target: "\(folder.path)/run/a.ckpt")
        })
  }

  @Test func stopsAtItsLimits() throws {
    try folder.file("1/2/3/deep.pt")
    let shallow = try scan(ScanLimits(depth: 2))
    #expect(names(shallow) == [])
    #expect(!shallow.isWhole)
    #expect(shallow.oddities.map(\.problem.code) == ["too-deep"])
    #expect(names(try scan(ScanLimits(depth: 3))) == ["1/2/3/deep.pt"])
    for number in 0..<20 { try folder.file("many/\(number).pt") }
    let few = try scan(ScanLimits(entries: 10))
    #expect(few.oddities.contains { $0.problem.code == "too-many-entries" })
    #expect(!few.isWhole)
  }

  @Test func tellsNamesThatAreNoText() throws {
    let name = Array((folder.path + "/bad").utf8) + [0xFF] + Array(".pt".utf8) + [0]
    let descriptor = open(name.map { CChar(bitPattern: $0) }, O_CREAT | O_WRONLY, 0o600)
    try #require(descriptor >= 0)
    close(descriptor)
    let result = try scan()
    #expect(result.oddities.map(\.problem.code) == ["name-not-utf8"])
  }

  /// Two runs of one name would become one: neither is followed until one of them is renamed.
  @Test func doesNotTakeNormalisationsOfANameForOne() throws {
    let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
    #expect(composed == decomposed)
    try folder.file("\(composed)/a.pt")
    #expect(names(try scan()) == ["\(composed)/a.pt"])
    try folder.file("\(decomposed)/b.pt")
    try folder.file("other/\(composed).pt")
    try folder.file("other/\(decomposed).pt")
    try folder.file("other/c.pt")
    let result = try scan()
    #expect(names(result) == ["other/c.pt"])
    #expect(result.oddities.map(\.problem.code) == ["names-confusable", "names-confusable"])
    #expect(result.oddities.map(\.path) == [folder.path, folder.path + "/other"])
    // Nor where a hint leads into one of them.
    for name in [composed, decomposed] {
      let only = try Scanner(root: folder.path).scan(only: folder.path + "/" + name)
      #expect(only.candidates.isEmpty)
    }
    #expect(rename(folder.path + "/" + decomposed, folder.path + "/cafe") == 0)
    #expect(names(try scan()) == ["cafe/b.pt", "\(composed)/a.pt", "other/c.pt"])
  }

  @Test func seesTheSameInOneFolderAsInTheWhole() throws {
    try folder.file("run/a.pt")
    try folder.file("run/checkpoint-1/model.safetensors")
    try folder.file("run/checkpoint-1/inner/x.pt")
    try folder.file("tmp-checkpoint-1/x.pt")
    let scanner = Scanner(root: folder.path)
    func only(_ name: String) throws -> [String] {
      names(try scanner.scan(only: folder.path + "/" + name))
    }
    #expect(try only("run") == ["run/a.pt"])
    #expect(try only("run/checkpoint-1") == ["run/checkpoint-1"])
    #expect(try only("run/checkpoint-1/inner") == ["run/checkpoint-1"])
    #expect(try only("tmp-checkpoint-1") == [])
    #expect(try only("gone") == [])
    #expect(try names(scanner.scan(only: "/etc")) == [])
    #expect(try names(scanner.scan(only: folder.path + "10")) == [])
  }

  @Test func looksAgainAtOne() throws {
    try folder.file("a.pt")
    let scanner = Scanner(root: folder.path)
    let first = try #require(try scanner.scan().candidates.first)
    #expect(scanner.look(at: first) == first)
    try folder.file("a.pt", [1, 2])
    #expect(scanner.look(at: first)?.fingerprint != first.fingerprint)
    try folder.remove("a.pt")
    #expect(scanner.look(at: first) == nil)
  }

  @Test func saysThatTheRootIsMissing() throws {
    let missing = folder.path + "/none"
    #expect {
      try Scanner(root: missing).scan()
    } throws: {
      "\($0)"
        == "root-missing: \(missing): the watched folder is not there (No such file or directory); "
        + "create or mount it; it is looked for at every scan"
    }
    try folder.link("linked", to: "/etc")
    #expect {
      try Scanner(root: folder.path + "/linked").scan()
    } throws: {
      "\($0)".hasPrefix("root-missing: \(folder.path)/linked:")
    }
  }
}
