// Hugging Face Trainer folders while they are written, and what belongs together in them
// (reliability.md).
import Diagnostics
import Foundation
import Testing

@testable import Checkpoints

@Suite struct FolderTests {
  /// A copy of a fixture folder, changed, and what opening it says.
  private func opening(
    _ fixture: String, isSettled: Bool = true, _ change: (TemporaryFolder) throws -> Void
  ) throws -> (checkpoint: Checkpoint?, message: String, kind: Problem.Kind?) {
    let folder = try TemporaryFolder()
    for name in try FileManager.default.contentsOfDirectory(atPath: Fixture.path(fixture)) {
      try folder.write(try Fixture.bytes("\(fixture)/\(name)"), as: name)
    }
    try change(folder)
    do {
      return (try Checkpoint.open(folder.path, isSettled: isSettled), "accepted", nil)
    } catch { return (nil, folder.short(error), error.kind) }
  }

  private func remove(_ names: String...) -> (TemporaryFolder) throws -> Void {
    { folder in
      for name in names { try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)") }
    }
  }

  @Test func theTrainersStateIsWrittenLast() throws {
    let remedy = "wait until its writer has finished"
    let half = try opening("checkpoint-30", remove("trainer_state.json"))
    #expect(half.message == "incomplete-folder: FOLDER: trainer_state.json is missing; \(remedy)")
    #expect(half.kind == .tryAgain)
    let none = try opening("checkpoint-30", remove("model.safetensors"))
    #expect(
      none.message
        == "incomplete-folder: FOLDER: model.safetensors or pytorch_model.bin is missing; "
        + remedy)
  }

  @Test func aModelAloneCountsWhenNothingMoves() throws {
    let names = ["trainer_state.json", "optimizer.pt"]
    let settled = try opening("checkpoint-30", remove(names[0], names[1]))
    let checkpoint = try #require(settled.checkpoint)
    #expect(checkpoint.format == "huggingface-model")
    #expect(checkpoint.moments == nil)
    #expect(checkpoint.findings.map(\.code) == ["no-moments"])
    let fresh = try opening("checkpoint-30", isSettled: false, remove(names[0], names[1]))
    #expect(fresh.message.hasPrefix("incomplete-folder: FOLDER: trainer_state.json is missing"))
  }

  @Test func anUnknownArchitectureHasNoOrder() throws {
    let other = try opening("checkpoint-30") { folder in
      try folder.write(Array("{\"model_type\": \"mine\"}".utf8), as: "config.json")
    }
    let checkpoint = try #require(other.checkpoint)
    #expect(checkpoint.moments == nil)
    #expect(
      checkpoint.findings.first?.text
        == "the optimizer's moments are not used: the container does not keep the model's order, "
        + "which this kind of model does not tell")
    // The pickle keeps it.
    #expect(
      try opening("pickled") { folder in
        try folder.write(Array("{\"model_type\": \"mine\"}".utf8), as: "config.json")
      }.checkpoint?.moments?.entries.count == 28)
  }

  @Test func shardsMustAgreeWithTheirIndex() throws {
    let shard = "model-00002-of-00002.safetensors"
    let missing = try opening("sharded", remove(shard))
    #expect(
      missing.message == "incomplete-shards: FOLDER: shard \(shard) is missing; "
        + "wait until its writer has finished")
    #expect(missing.kind == .tryAgain)
    let stale = try opening("sharded") { folder in
      let other = try Fixture.bytes("sharded/model-00001-of-00002.safetensors")
      try folder.write(other, as: shard)
    }
    #expect(stale.message.hasPrefix("incomplete-shards: model.safetensors.index.json: tensor "))
    #expect(stale.kind == .tryAgain)
  }

  @Test(arguments: ["../model.safetensors", "/etc/passwd", ".hidden", "", "a/b"])
  func shardsStayInTheFolder(name: String) throws {
    let escaped = try opening("sharded") { folder in
      try folder.write(
        Array("{\"weight_map\":{\"w\":\"\(name)\"}}".utf8), as: "model.safetensors.index.json")
    }
    #expect(
      escaped.message
        == "bad-index: model.safetensors.index.json: tensor \"w\": its shard is not the "
        + "name of a file beside the index; save the checkpoint again; if it was not damaged, do not "
        + "trust it")
  }

  @Test func anIndexNeedsItsMap() throws {
    let empty = try opening("sharded") { folder in
      try folder.write(Array("{\"weight_map\":{}}".utf8), as: "model.safetensors.index.json")
    }
    #expect(
      empty.message == "bad-index: model.safetensors.index.json: it has no weight_map; "
        + "save the checkpoint again")
  }

  @Test func processesAreCountedByTheirRandomStates() throws {
    let two = try opening("checkpoint-30") { folder in
      try folder.write([], as: "rng_state_0.pth")
      try folder.write([], as: "rng_state_1.pth")
    }
    #expect(two.checkpoint?.batchSize == 64)
  }

  /// The files of an index are found whatever else lies beside it.
  @Test func anIndexInAFolderOfMoreNamesThanACheckpointHas() throws {
    let folder = try TemporaryFolder()
    for number in 0...100_000 {
      let descriptor = creat("\(folder.path)/\(number)", 0o600)
      try #require(descriptor >= 0)
      close(descriptor)
    }
    try folder.write([], as: "model.index")
    try folder.write([], as: "model.data-00000-of-00001")
    let places = Checkpoint.places(of: "\(folder.path)/model.index")
    #expect(
      places == ["\(folder.path)/model.index", "\(folder.path)/model.data-00000-of-00001"])
  }

  /// An argument that is not UTF-8 arrives with replacements in it.
  @Test func aNameThatIsNotUTF8IsSaidToBeThat() throws {
    let folder = try TemporaryFolder()
    try folder.write([0], as: "good.pt")
    do {
      _ = try Checkpoint.open("\(folder.path)/\u{FFFD}.pt")
      Issue.record("opened")
    } catch {
      #expect(
        folder.short(error)
          == "name-not-utf8: \\u{fffd}.pt: there is no such file, perhaps because its name"
          + " is not UTF-8; rename it: only names in UTF-8 are read")
    }
  }
}
