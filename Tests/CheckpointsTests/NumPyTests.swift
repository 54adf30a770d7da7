// NumPy arrays against NumPy's own values, and headers that try more than they should
// (reliability.md).
import Diagnostics
import Foundation
import Tensors
import Testing

@testable import Checkpoints

@Suite struct NumPyTests {
  private func check(_ array: BatchArray?, _ truth: Expected.Array, _ name: String) {
    #expect(array?.shape.dimensions == truth.shape, "\(name)")
    switch array {
    case .real(let tensor):
      #expect(truth.real)
      #expect(tensor.values.map(Double.init) == truth.values, "\(name)")
    case .integer(let tensor):
      #expect(!truth.real)
      #expect(tensor.values.map(Double.init) == truth.values, "\(name)")
    case nil: Issue.record("\(name) is missing")
    }
  }

  @Test(arguments: ["arrays.npz", "compressed.npz"]) func archivesAsInNumPy(name: String) throws {
    let arrays = try NumPyArchive.open(Fixture.path(name))
    let truth = try Fixture.expected().arrays
    for (name, expected) in truth { check(arrays[name], expected, name) }
    #expect(arrays.count == truth.count + (name == "compressed.npz" ? 1 : 0))
  }

  @Test func singleArraysAreCalledByTheirFile() throws {
    let arrays = try NumPyArchive.open(Fixture.path("single.npy"))
    check(arrays["single"], try #require(try Fixture.expected().arrays["x"]), "x")
  }

  private func array(_ header: String, data: Int = 0, version: UInt8 = 1) -> [UInt8] {
    [0x93] + Array("NUMPY".utf8) + [version, 0]
      + little(UInt64(header.utf8.count), version == 1 ? 2 : 4) + Array(header.utf8)
      + [UInt8](repeating: 0, count: data)
  }

  private func refusal(_ bytes: [UInt8], as name: String = "x.npy") throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.write(bytes, as: name)
    do {
      _ = try NumPyArchive.open(path)
      return "accepted"
    } catch { return folder.short(error) }
  }

  @Test func headersOfEveryVersion() throws {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }          \n"
    for version in [1, 2, 3] as [UInt8] {
      #expect(try refusal(array(header, data: 8, version: version)) == "accepted")
    }
    #expect(
      try refusal(array("{\"shape\":(1L,),\"fortran_order\":True,\"descr\":\"|u1\"}", data: 1))
        == "accepted")
    #expect(
      try refusal(array(header, data: 8, version: 4))
        == "bad-npy: x.npy: its format version is 4.0; write it again with numpy.save or numpy.savez"
    )
  }

  @Test(arguments: [
    ("__import__('os').system('id')", "expected { at byte 0 of its header"),
    ("{'descr': __import__('os')}", nil),
    (
      "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}",
      "expected True or False at byte 34 of its header"
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
      "expected an extent at byte 51 of its header"
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (True,)}",
      "expected an extent at byte 51 of its header"
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': ((((}",
      "expected an extent at byte 51 of its header"
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
      "expected an extent at byte 51 of its header"
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296,4294967296)}",
      "its shape [4294967296, 4294967296] has too many elements"
    ),
    ("{'descr': '<f4', 'descr': '<f4'}", "unexpected key descr at byte 25 of its header"),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}",
      "unexpected key x at byte 58 of its header"
    ),
    (
      "{'descr': '<f4', 'fortran_order': False}",
      "descr, fortran_order or shape is missing at byte 40 of its header"
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': ()} 1",
      "unexpected text at byte 54 of its header"
    ),
    ("{'descr': '<\\x66'}", "a string with escapes at byte 10 of its header"),
    ("{'descr': '<f4", "a string that does not end at byte 10 of its header"),
  ]) func headersAreLiterals(header: String, message: String?) throws {
    guard let message else {
      #expect(
        try refusal(array(header))
          == "unsupported-npy: x.npy: it has structured elements; save one plain array per name")
      return
    }
    #expect(
      try refusal(array(header))
        == "bad-npy: x.npy: \(message); write it again with numpy.save or numpy.savez")
  }

  @Test(arguments: ["|O", "<c8", "<U3", "f4", "<f3", "|V4", ""]) func otherElementsAreRefused(
    type: String
  ) throws {
    let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': ()}"
    #expect(
      try refusal(array(header, data: 4))
        == "unsupported-npy: x.npy: its element type \(type) is not read; "
        + "save real numbers, integers or booleans")
  }

  @Test func sizesMustFit() throws {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}"
    #expect(
      try refusal(array(header, data: 7))
        == "incomplete-npy: x.npy: its elements need 8 bytes, and 7 are there; "
        + "wait until its writer has finished, or copy it again")
    #expect(
      try refusal(array(header, data: 9))
        == "bad-npy: x.npy: 1 bytes follow its elements; "
        + "write it again with numpy.save or numpy.savez")
    let vast = "{'descr': '<f8', 'fortran_order': False, 'shape': (1073741824, 2)}"
    #expect(
      try refusal(array(vast))
        == "too-large: x.npy: its shape [1073741824, 2] has more than 8 GiB; use a smaller batch")
    let long = header + String(repeating: " ", count: 10_001)
    #expect(
      try refusal(array(long, data: 8))
        == "bad-npy: x.npy: its header is longer than 10000 bytes or than the file; "
        + "write it again with numpy.save or numpy.savez")
  }

  @Test func deflateBombsAreRefused() throws {
    // 12 bytes that claim a gibibyte.
    var zip = ZipBuilder()
    var entry = ZipBuilder.Entry("x.npy", [UInt8](repeating: 0x55, count: 12))
    entry.method = 8
    entry.bytes = 1 << 30
    zip.entries = [entry]
    #expect(
      try refusal(zip.bytes, as: "x.npz").hasPrefix("bad-npy: x.npz: record x.npy: ") == false)
    #expect(try refusal(zip.bytes, as: "x.npz") != "accepted")
    // A record that inflates to more than its array: the archive's own size is not believed.
    #expect(
      throws: Problem(
        "expansion", at: "p", "10 bytes claim to inflate to 1000000",
        remedy: "do not trust this file")
    ) {
      try Deflate.inflate([UInt8](repeating: 0, count: 10), bytes: 1_000_000, place: "p")
    }
    // Stored block of 5 bytes: too short and too long an expectation.
    let five = [0x01, 0x05, 0x00, 0xFA, 0xFF, 1, 2, 3, 4, 5] as [UInt8]
    #expect(try Deflate.inflate(five, bytes: 5, place: "p") == [1, 2, 3, 4, 5])
    #expect(try Deflate.inflate(five, bytes: 3, isPrefix: true, place: "p") == [1, 2, 3])
    for wrong in [4, 6] {
      #expect(throws: Problem.self) { try Deflate.inflate(five, bytes: wrong, place: "p") }
    }
  }

  @Test func otherMembersAreRefused() throws {
    #expect(
      try refusal(ZipBuilder(entries: [.init("x.txt", [])]).bytes, as: "x.npz")
        == "bad-npy: x.npz: record x.txt: it is not a NumPy array; write the archive with numpy.savez"
    )
  }
}
