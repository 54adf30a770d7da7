import Foundation
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
    #expect(try check("checkpoint-1") == .complete)
    try folder.remove("checkpoint-1/model.safetensors.index.json")
    #expect(try check("checkpoint-1") == .incomplete("no index beside the numbered files"))
  }

  @Test func patienceGrowsWithSettling() {
    #expect(Completeness.Patience(settle: .zero).trainerState == .seconds(2))
    #expect(Completeness.Patience(settle: .seconds(5)).trainerState == .seconds(50))
  }
}
