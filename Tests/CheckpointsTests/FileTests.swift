// What stands at a path: kinds of file that are refused, formats that are refused by name, and the
// proof that nothing changed while reading (reliability.md §2.5).
import Diagnostics
import Foundation
import Glibc
import Testing

@testable import Checkpoints

@Suite struct FileTests {
  private func refusal(_ path: String, _ folder: TemporaryFolder) -> (String, Problem.Kind?) {
    do {
      _ = try Checkpoint.open(path)
      return ("accepted", nil)
    } catch { return (folder.short(error), error.kind) }
  }

  private static let memoryFolder = "/dev/shm"

  /// A file of 2⁶³-1 bytes, of which a file system in memory lets one make, in every format.
  @Test(
    .enabled(if: FileManager.default.isWritableFile(atPath: memoryFolder), "no \(memoryFolder)"),
    arguments: [
      "h5", "safetensors", "pt", "gguf", "msgpack", "npz", "npy", "index", "weights.json",
    ])
  func theLargestFilesAreNotThereYet(_ ending: String) throws {
    let path = "\(Self.memoryFolder)/plasticityd-\(UUID().uuidString).\(ending)"
    try #require(FileManager.default.createFile(atPath: path, contents: nil))
    defer { unlink(path) }
    guard truncate(path, .max) == 0 else { return }
    let problem = #expect(throws: Problem.self) { _ = try Checkpoint.open(path) }
    #expect([.tryAgain, .data].contains(problem?.kind), "\(problem.debugDescription)")
  }

  @Test func onlyRegularFilesAreOpened() throws {
    let folder = try TemporaryFolder()
    let remedy = "name the file itself; links are not followed"
    let fifo = "\(folder.path)/fifo.pt"
    #expect(mkfifo(fifo, 0o600) == 0)
    #expect(
      refusal(fifo, folder) == ("not-a-regular-file: fifo.pt: it is a FIFO; \(remedy)", .data))
    let link = "\(folder.path)/link.safetensors"
    #expect(symlink("/etc/shadow", link) == 0)
    #expect(
      refusal(link, folder)
        == ("not-a-regular-file: link.safetensors: it is a symbolic link; \(remedy)", .data))
    #expect(
      refusal("/dev/null", folder)
        == ("not-a-regular-file: /dev/null: it is a device; \(remedy)", .data))
    #expect(
      refusal("\(folder.path)/none.pt", folder)
        == (
          "not-found: none.pt: there is no such file; check the path; a rotating trainer may have "
            + "deleted it", .noInput
        ))
    #expect(
      refusal(folder.path, folder)
        == (
          "unsupported-folder: FOLDER: it holds no trainer_state.json and no model weights; "
            + "name a checkpoint file, or a folder that the Hugging Face Trainer wrote", .data
        ))
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/x.safetensors", withIntermediateDirectories: false)
    #expect(refusal("\(folder.path)/x.safetensors", folder).0.hasPrefix("unsupported-folder: "))
  }

  @Test func filesOfAFolderMustBeRegularToo() throws {
    let folder = try TemporaryFolder()
    #expect(symlink("/etc/shadow", "\(folder.path)/model.safetensors") == 0)
    try folder.write(Array("{\"global_step\": 1}".utf8), as: "trainer_state.json")
    #expect(
      refusal(folder.path, folder)
        == (
          "not-a-regular-file: model.safetensors: it is a symbolic link; name the file itself; "
            + "links are not followed", .data
        ))
  }

  @Test(arguments: [
    ("version https://git-lfs.github.com/spec/v1\n", "unsupported-lfs-pointer"),
    ("  <!DOCTYPE html><title>404</title>", "unsupported-html"),
    ("<HTML>", "unsupported-html"),
    (String(repeating: " ", count: 257) + "ustar", "unsupported-tar"),
    ("plain words that are nothing", "unsupported-format"),
  ]) func knownFormatsAreRefusedByName(content: String, code: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array(content.utf8), as: "x.bin")
    #expect(refusal(path, folder).0.hasPrefix("\(code): x.bin: "))
    #expect(refusal(path, folder).1 == .data)
  }

  @Test(
    arguments: [
      ([0x80, 4, 0x95, 1, 0, 0, 0, 0, 0], "unsupported-pickle"),
      ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0], "unsupported-gzip"),
    ] as [([UInt8], String)]) func binaryFormatsAreRefusedByName(bytes: [UInt8], code: String)
    throws
  {
    let folder = try TemporaryFolder()
    let path = try folder.write(bytes, as: "x.pt")
    #expect(refusal(path, folder).0.hasPrefix("\(code): x.pt: this is "))
  }

  @Test func nothingYetIsIncomplete() throws {
    let folder = try TemporaryFolder()
    for (name, bytes) in [
      ("a.pt", []), ("b.pt", [0x50, 0x4B]), ("c.pt", [UInt8](repeating: 0, count: 900)),
    ] {
      let path = try folder.write(bytes, as: name)
      #expect(
        refusal(path, folder).0.hasPrefix("incomplete-file: \(name): its \(bytes.count) bytes"))
      #expect(refusal(path, folder).1 == .tryAgain)
    }
  }

  @Test func changesWhileReadingAreSeen() throws {
    let folder = try TemporaryFolder()
    let bytes = try Fixture.bytes("mini.pt")
    let path = try folder.write(bytes, as: "x.pt")
    // Same size, rewritten in place, with the modification time put back.
    let checkpoint = try Checkpoint.open(path)
    let times = checkpoint.files[0].file.identity.modified
    let descriptor = Glibc.open(path, O_WRONLY)
    #expect(pwrite(descriptor, bytes, bytes.count, 0) == bytes.count)
    let restored = [
      timespec(tv_sec: times[0], tv_nsec: times[1]), timespec(tv_sec: times[0], tv_nsec: times[1]),
    ]
    #expect(futimens(descriptor, restored) == 0)
    close(descriptor)
    #expect(
      message { try checkpoint.verifyUnchanged() }.map(folder.short)
        == "changed-during-read: x.pt: its change time moved while it was read; "
        + "read it again when its writer has finished")
    // Truncated: the next read hits the end, and does not kill us.
    let second = try Checkpoint.open(path)
    #expect(truncate(path, 200) == 0)
    #expect(
      message { try second.survey() }.map(folder.short)?.hasPrefix(
        "changed-during-read: x.pt: byte ")
        == true)
    #expect(
      message { try second.verifyUnchanged() }.map(folder.short)
        == "changed-during-read: x.pt: its size or modification time moved while it was read; "
        + "read it again when its writer has finished")
  }

  /// On file systems whose times move late, or in a tick of the clock, only the content tells.
  @Test func otherEndsAreSeenWhateverTheTimesSay() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([UInt8](repeating: 7, count: 20_000), as: "x.bin")
    let file = try InputFile.open(path)
    let ends = file.checksumOfEnds()
    for (offset, isSeen) in [(0, true), (4_000, true), (10_000, false), (19_999, true)] {
      let descriptor = Glibc.open(path, O_WRONLY)
      defer { close(descriptor) }
      #expect(pwrite(descriptor, [8], 1, off_t(offset)) == 1)
      #expect((file.checksumOfEnds() != ends) == isSeen, "byte \(offset)")
      #expect(pwrite(descriptor, [7], 1, off_t(offset)) == 1)
    }
    #expect(file.checksumOfEnds() == ends)
  }

  @Test func deletedAndReplacedFilesAreStillTheirs() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(try Fixture.bytes("mini.pt"), as: "x.pt")
    let digest = try Checkpoint.open(path).digest()
    let checkpoint = try Checkpoint.open(path)
    // Replaced by rename: what is open is the old file.
    let other = try folder.write(try Fixture.bytes("epoch_3-step_40.pt"), as: "y.pt")
    #expect(rename(other, path) == 0)
    #expect(try checkpoint.digest() == digest)
    #expect(try checkpoint.verifyUnchanged() == .replaced)
    let replaced = try Checkpoint.open(path)
    #expect(unlink(path) == 0)
    #expect(try replaced.digest() != digest)
    #expect(try replaced.verifyUnchanged() == .deleted)
  }

  /// Two saves into one folder: what was opened may be of both.
  @Test func aReplacedFileOfSeveralIsAChange() throws {
    let folder = try TemporaryFolder()
    let copy = folder.path + "/checkpoint-30"
    #expect(mkdir(copy, 0o700) == 0)
    for name in ["model.safetensors", "optimizer.pt", "trainer_state.json", "config.json"] {
      _ = try folder.write(Fixture.bytes("checkpoint-30/\(name)"), as: "checkpoint-30/\(name)")
    }
    let checkpoint = try Checkpoint.open(copy)
    #expect(try checkpoint.verifyUnchanged() == .unchanged)
    let other = try folder.write(Fixture.bytes("checkpoint-30/model.safetensors"), as: "other")
    #expect(rename(other, copy + "/model.safetensors") == 0)
    #expect(
      message { try checkpoint.verifyUnchanged() }.map(folder.short)
        == "changed-during-read: checkpoint-30: some of its files were replaced while it was read; "
        + "read it again when its writer has finished")
    // Renamed or deleted as a whole, it is still what was opened.
    let second = try Checkpoint.open(copy)
    #expect(rename(copy, copy + "-old") == 0)
    #expect(try second.verifyUnchanged() == .moved)
  }

  private func message(_ body: () throws -> Any) -> Problem? {
    do {
      _ = try body()
      return nil
    } catch let problem as Problem { return problem } catch { return nil }
  }
}
