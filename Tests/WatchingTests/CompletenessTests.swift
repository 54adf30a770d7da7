import Foundation
import TestSupport
import Testing

@testable import Watching

@Suite struct CompletenessTests {
  let folder: TestFolder
  let patience = Completeness.Patience(trainerState: .seconds(2), hole: .seconds(9))

  init() throws { folder = try TestFolder() }

  private func check(_ name: String) throws -> Completeness {
    let found = try Scanner(root: folder.path).scan().candidates
    let candidate = try #require(found.first { $0.path == folder.path + "/" + name })
    return Completeness.check(candidate, patience: patience)
  }

  @Test(arguments: [false, true])
  func zipIsCompleteOnlyWithItsEnd(zip64: Bool) throws {
    let whole = FileBytes.zip(zip64: zip64)
    try folder.file("a.pt", whole)
    #expect(try check("a.pt") == .complete)
    for count in 4..<whole.count {
      try folder.file("a.pt", Array(whole[..<count]))
      #expect(
        try check("a.pt") == .incomplete("a.pt: the zip archive's end record is not there yet"),
        "cut at \(count)")
    }
  }

  @Test func zipMayEndWithAComment() throws {
    try folder.file("a.pt", FileBytes.zip(comment: Array("hello".utf8)))
    #expect(try check("a.pt") == .complete)
  }

  @Test func zipWhoseDirectoryLiesOutsideIsNotComplete() throws {
    // Most of the file was cut out of its middle: the end stands, what it points to does not.
    let whole = FileBytes.zip(body: 5_000)
    try folder.file("a.pt", Array(whole[..<4] + whole.suffix(30)))
    #expect(
      try check("a.pt") == .incomplete("a.pt: the zip archive's end record is not there yet"))
  }

  @Test func unknownBeginningsAreForTheWorker() throws {
    try folder.file("a.pt", Array("<html>not a checkpoint".utf8))
    #expect(try check("a.pt") == .complete)
  }

  @Test func emptyAndTinyFilesAreNotComplete() throws {
    try folder.file("a.pt", [])
    #expect(try check("a.pt") == .incomplete("a.pt: it is empty"))
    try folder.file("a.pt", [0x50, 0x4B])
    #expect(try check("a.pt") == .incomplete("a.pt: it has 2 bytes"))
  }

  @Test func safetensorsNeedTheirHeader() throws {
    let whole = FileBytes.safetensors
    try folder.file("a.safetensors", whole)
    #expect(try check("a.safetensors") == .complete)
    try folder.file("a.safetensors", Array(whole[..<5]))
    #expect(
      try check("a.safetensors")
        == .incomplete("a.safetensors: it has 5 bytes, and the header length takes 8"))
    try folder.file("a.safetensors", Array(whole[..<20]))
    #expect(
      try check("a.safetensors")
        == .incomplete("a.safetensors: the header ends at byte 62, the file at 20"))
    // A length that no file may have is refused by the worker, not waited for.
    try folder.file("a.safetensors", FileBytes.little(1 << 63, 8) + [0])
    #expect(try check("a.safetensors") == .complete)
  }

  @Test func holesOnlyDelay() throws {
    try folder.file("a.safetensors", FileBytes.safetensors)
    #expect(truncate(folder.path + "/a.safetensors", 8 << 20) == 0)
    let found = try check("a.safetensors")
    guard case .doubtful(let reason, .seconds(9)) = found else {
      Issue.record("\(found)")
      return
    }
    #expect(reason.hasPrefix("a.safetensors has a hole at byte "))
  }

  @Test func trainersFolderNeedsItsLastFile() throws {
    try folder.file("checkpoint-1/model.safetensors", FileBytes.safetensors)
    try folder.file("checkpoint-1/optimizer.pt", Array(FileBytes.zip().dropLast()))
    #expect(
      try check("checkpoint-1")
        == .incomplete("optimizer.pt: the zip archive's end record is not there yet"))
    try folder.file("checkpoint-1/optimizer.pt", FileBytes.zip())
    #expect(
      try check("checkpoint-1")
        == .doubtful("trainer_state.json is not there", patience: .seconds(2)))
    try folder.text("checkpoint-1/trainer_state.json", #"{"global_step": 1, "#)
    #expect(
      try check("checkpoint-1") == .incomplete("trainer_state.json does not end with a brace"))
    try folder.text("checkpoint-1/trainer_state.json", "{\"global_step\": 1}\n")
    #expect(try check("checkpoint-1") == .complete)
  }

  @Test func shardsAreCounted() throws {
    let name = { (number: Int) in "checkpoint-1/model-0000\(number)-of-00002.safetensors" }
    try folder.text("checkpoint-1/trainer_state.json", "{}")
    try folder.text("checkpoint-1/model.safetensors.index.json", "{}")
    #expect(try check("checkpoint-1") == .incomplete("no weights beside the index"))
    try folder.file(name(1), FileBytes.safetensors)
    #expect(try check("checkpoint-1") == .incomplete("1 of 2 files model-… are there"))
    try folder.file(name(2), FileBytes.safetensors)
    try folder.text("checkpoint-1/model.safetensors.index.json", "{}")
    try folder.text("checkpoint-1/trainer_state.json", "{}")
    #expect(try check("checkpoint-1") == .complete)
    try folder.remove("checkpoint-1/model.safetensors.index.json")
    #expect(try check("checkpoint-1") == .incomplete("no index beside the numbered files"))
  }

  /// A save over an old one: new shards, then a new index, then the trainer's state.
  @Test func whatIsWrittenLastIsTheNewest() throws {
    let shards = (1...2).map { "checkpoint-1/model-0000\($0)-of-00002.safetensors" }
    let (index, state) = (
      "checkpoint-1/model.safetensors.index.json", "checkpoint-1/trainer_state.json"
    )
    for (second, name) in (shards + [index, state]).enumerated() {
      try folder.file(name, name.hasSuffix(".json") ? Array("{}".utf8) : FileBytes.safetensors)
      try folder.touch(name, seconds: Double(100 + second))
    }
    #expect(try check("checkpoint-1") == .complete)
    let newer = "model-00001-of-00002.safetensors is newer than"
    try folder.touch(shards[0], seconds: 200)
    let overwrite = "overwrite in progress: \(newer) model.safetensors.index.json"
    #expect(try check("checkpoint-1") == .doubtful(overwrite, patience: .seconds(2)))
    try folder.touch(shards[1], seconds: 201)
    try folder.touch(index, seconds: 202)
    #expect(
      try check("checkpoint-1")
        == .doubtful(
          "overwrite in progress: \(newer) trainer_state.json", patience: .seconds(2)))
    try folder.touch(state, seconds: 203)
    #expect(try check("checkpoint-1") == .complete)
    // The optimizer's is written before the state too; other files tell nothing.
    try folder.file("checkpoint-1/optimizer.pt", FileBytes.zip())
    try folder.touch("checkpoint-1/optimizer.pt", seconds: 203)
    #expect(try check("checkpoint-1") == .complete)
    try folder.touch("checkpoint-1/optimizer.pt", seconds: 204)
    #expect(
      try check("checkpoint-1")
        == .doubtful(
          "overwrite in progress: optimizer.pt is newer than trainer_state.json",
          patience: .seconds(2)))
  }

  @Test(.enabled(if: geteuid() != 0, "root may read everything"))
  func closedFilesAreTold() throws {
    try folder.file("a.safetensors", FileBytes.safetensors)
    let candidate = try #require(Scanner(root: folder.path).scan().candidates.first)
    #expect(!Completeness.isClosed(candidate))
    #expect(chmod(candidate.path, 0) == 0)
    #expect(Completeness.isClosed(candidate))
  }

  @Test func distributedCheckpointsAreCommittedByTheirMetadata() throws {
    try folder.file("step-5/__0_0.distcp", FileBytes.zip())
    try folder.file("step-5/__1_0.distcp", FileBytes.zip())
    #expect(
      try check("step-5") == .incomplete(".metadata is not there yet, which is written last"))
    try folder.file("step-5/.metadata.tmp", [0x80, 2, 0x7D, 0x2E])
    #expect(
      try check("step-5")
        == .incomplete(".metadata.tmp is there: its writer is about to finish"))
    try folder.rename("step-5/.metadata.tmp", to: "step-5/.metadata")
    try folder.touch("step-5/.metadata", seconds: 100)
    try folder.touch("step-5/__0_0.distcp", seconds: 100)
    try folder.touch("step-5/__1_0.distcp", seconds: 99)
    #expect(try check("step-5") == .complete)
    // A save over it: the old .metadata stands until the new one replaces it.
    try folder.touch("step-5/__1_0.distcp", seconds: 101)
    #expect(
      try check("step-5")
        == .doubtful(
          "overwrite in progress: __1_0.distcp is newer than .metadata", patience: .seconds(9)))
    try folder.touch("step-5/.metadata", seconds: 102)
    #expect(try check("step-5") == .complete)
  }

  @Test func lightningsShardedFolderNeedsItsMeta() throws {
    let name = "epoch=3-step=400.ckpt"
    try folder.file("\(name)/__0_0.distcp", FileBytes.zip())
    try folder.file("\(name)/.metadata", [0x80, 2, 0x7D, 0x2E])
    try folder.touch("\(name)/.metadata", seconds: 4_000_000_000)
    #expect(
      try check(name) == .doubtful("meta.pt is not there", patience: .seconds(2)))
    try folder.file("\(name)/meta.pt", Array(FileBytes.zip().dropLast()))
    #expect(
      try check(name) == .incomplete("meta.pt: the zip archive's end record is not there yet"))
    try folder.file("\(name)/meta.pt", FileBytes.zip())
    #expect(try check(name) == .complete)
  }

  /// Every order in which the ranks may write; `latest` may come before the last of them.
  @Test func deepSpeedNeedsEveryRankAndItsTag() throws {
    let ranks = (0..<3).map { "bf16_zero_pp_rank_\($0)_mp_rank_00_optim_states.pt" }
    let all = ranks + ["mp_rank_00_model_states.pt"]
    for first in all.indices {
      try? folder.remove("run")
      let order = all[first...] + all[..<first]
      for name in order.dropLast() {
        try folder.file("run/global_step7/\(name)", FileBytes.zip())
        let found = try check("run/global_step7")
        #expect(found != .complete, "\(order) up to \(name)")
      }
      try folder.text("run/latest", "")
      try folder.file("run/global_step7/\(order.last ?? "")", FileBytes.zip())
      #expect(
        try check("run/global_step7")
          == .doubtful("latest does not name it, which is written last", patience: .seconds(2)))
      try folder.text("run/latest", "global_step7\n")
      #expect(try check("run/global_step7") == .complete)
    }
    try folder.remove("run/global_step7/\(ranks[1])")
    #expect(
      try check("run/global_step7") == .incomplete("no file of data-parallel rank 1 is there"))
    // What ranks write is no checkpoint of its own.
    #expect(try Scanner(root: folder.path).scan().candidates.count == 1)
  }

  @Test func megatronNamesItsLatestIteration() throws {
    let rank = "m/iter_0000020/mp_rank_01/model_optim_rng.pt"
    try folder.file("m/iter_0000020/mp_rank_00/model_optim_rng.pt", FileBytes.zip())
    try folder.file(rank, Array(FileBytes.zip().dropLast()))
    #expect(
      try check("m/iter_0000020")
        == .incomplete(
          "mp_rank_01/model_optim_rng.pt: the zip archive's end record is not there yet"))
    try folder.file(rank, FileBytes.zip())
    try folder.text("m/latest_checkpointed_iteration.txt", "10")
    #expect(
      try check("m/iter_0000020")
        == .doubtful(
          "latest_checkpointed_iteration.txt does not name it, which is written last",
          patience: .seconds(2)))
    try folder.text("m/latest_checkpointed_iteration.txt", "30")
    #expect(try check("m/iter_0000020") == .complete)
  }

  @Test func accelerateEndsWithTheRandomStates() throws {
    try folder.file("checkpoint_0/model.safetensors", FileBytes.safetensors)
    try folder.file("checkpoint_0/optimizer.bin", FileBytes.zip())
    #expect(
      try check("checkpoint_0")
        == .doubtful("trainer_state.json is not there", patience: .seconds(2)))
    try folder.file("checkpoint_0/random_states_0.pkl", FileBytes.zip())
    #expect(try check("checkpoint_0") == .complete)
  }

  @Test func adaptersAreFoldersToo() throws {
    try folder.file("checkpoint-4/adapter_model.safetensors", FileBytes.safetensors)
    try folder.text("checkpoint-4/adapter_config.json", "{")
    #expect(
      try check("checkpoint-4") == .incomplete("adapter_config.json does not end with a brace"))
    try folder.text("checkpoint-4/adapter_config.json", "{}")
    try folder.text("checkpoint-4/trainer_state.json", "{}")
    #expect(try check("checkpoint-4") == .complete)
  }

  @Test func partsOfTrainersFoldersBelongToThem() throws {
    try folder.file("checkpoint-9/pytorch_model_fsdp_0/__0_0.distcp", FileBytes.zip())
    #expect(
      try check("checkpoint-9")
        == .incomplete("pytorch_model_fsdp_0/.metadata is not there yet, which is written last"))
    try folder.file("checkpoint-9/pytorch_model_fsdp_0/.metadata", [0x80, 2, 0x7D, 0x2E])
    try folder.text("checkpoint-9/trainer_state.json", "{}")
    #expect(try check("checkpoint-9") == .complete)
    let found = try Scanner(root: folder.path).scan().candidates
    #expect(found.map(\.name) == ["checkpoint-9"])
    #expect(
      found.first?.fingerprint.members.map(\.name) == [
        "pytorch_model_fsdp_0/.metadata", "pytorch_model_fsdp_0/__0_0.distcp",
        "trainer_state.json",
      ])
  }

  @Test func overwritesAreWaitedForLonger() {
    #expect(Completeness.Patience(settle: .seconds(5)).order == .seconds(50))
    let patience = Completeness.Patience(settle: .seconds(5), isOverwritten: true)
    #expect(patience.order == .seconds(600) && patience.trainerState == .seconds(50))
  }

  @Test func patienceGrowsWithSettling() {
    #expect(Completeness.Patience(settle: .zero).trainerState == .seconds(2))
    #expect(Completeness.Patience(settle: .seconds(5)).trainerState == .seconds(50))
  }
}
