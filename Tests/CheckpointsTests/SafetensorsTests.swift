// Headers of safetensors files: what the reference refuses, and duplicate keys besides
// (reliability.md).
import Diagnostics
import Foundation
import Tensors
import Testing

@testable import Checkpoints

@Suite struct SafetensorsTests {
  private static let again = "write or copy the file again"
  private static let waiting = "wait until its writer has finished, or copy it again"

  /// A file with this header, padded as given, and so many bytes of data.
  private func file(_ header: String, data: Int = 0) -> [UInt8] {
    little(UInt64(header.utf8.count), 8) + Array(header.utf8) + [UInt8](repeating: 0, count: data)
  }

  private func refusal(_ bytes: [UInt8]) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.write(bytes, as: "x.safetensors")
    do {
      _ = try Checkpoint.open(path)
      return "accepted"
    } catch { return folder.short(error) }
  }

  private func tensor(_ type: String, _ shape: String, _ begin: Int, _ end: Int) -> String {
    "{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(end)]}"
  }

  @Test func whiteSpaceAndMetadataAreAllowed() throws {
    let header = " {\"__metadata__\":{\"a\":\"b\"}, \"w\" : \(tensor("F32", "[2]", 0, 8)) } \n"
    #expect(try refusal(file(header, data: 8)) == "accepted")
    let empty = "{\"e\":\(tensor("F32", "[0,3]", 0, 0)),\"w\":\(tensor("F32", "[]", 0, 4))}"
    #expect(try refusal(file(empty, data: 4)) == "accepted")
  }

  /// A header's length can begin as a pickle does: 0x80, and a protocol from 2 to 5.
  @Test(arguments: [0x280, 0x380, 0x480, 0x580, 0x1_0280]) func noLengthMakesItAPickle(length: Int)
    throws
  {
    let header = "{\"w\":\(tensor("F32", "[2]", 0, 8))}"
    let padded = header + String(repeating: " ", count: length - header.utf8.count)
    #expect(try refusal(file(padded, data: 8)) == "accepted")
    let pickle = little(UInt64(length), 8) + Array("}q\u{0}X".utf8)
    #expect(try refusal(pickle).hasPrefix("unsupported-pickle"))
  }

  @Test func lengthsAreCheckedBeforeAnythingIsRead() throws {
    #expect(
      try refusal([1, 2, 3])
        == "incomplete-file: x.safetensors: 3 bytes, and a header has at least "
        + "10; \(Self.waiting)")
    #expect(
      try refusal(little(0, 8))
        == "incomplete-header: x.safetensors: the header has 0 bytes, and 0 "
        + "are there; \(Self.waiting)")
    #expect(
      try refusal(little(100, 8) + Array("{}".utf8)) == "incomplete-header: x.safetensors: the "
        + "header has 100 bytes, and 2 are there; \(Self.waiting)")
    for length in [UInt64(100_000_001), 1 << 63, UInt64.max] {
      #expect(
        try refusal(little(length, 8) + Array("{}".utf8))
          == "header-too-large: x.safetensors: byte "
          + "0: the header claims \(length) bytes, of which at most 100000000 are allowed; check "
          + "that this is a safetensors file")
    }
    #expect(
      try refusal(file("{\u{0}\u{0}\u{0}", data: 4))
        == "incomplete-header: x.safetensors: the header "
        + "is partly zero: not written yet; \(Self.waiting)")
  }

  @Test func dataTilesTheFile() throws {
    let w = tensor("F32", "[2]", 0, 8)
    #expect(
      try refusal(file("{\"w\":\(w)}", data: 7)) == "incomplete-data: x.safetensors: the tensors "
        + "need 8 bytes, and 7 are there; \(Self.waiting)")
    #expect(
      try refusal(file("{\"w\":\(w)}", data: 9))
        == "trailing-bytes: x.safetensors: byte 70: 1 bytes "
        + "follow the last tensor; write the file again")
    let place = "x.safetensors: tensor \"v\""
    #expect(
      try refusal(file("{\"w\":\(w),\"v\":\(tensor("F32", "[1]", 4, 8))}", data: 8))
        == "bad-offsets: \(place): it begins at 4, and the tensor before it ends at 8; "
        + "write the file again")
    #expect(
      try refusal(file("{\"w\":\(w),\"v\":\(tensor("F32", "[1]", 12, 16))}", data: 16))
        == "bad-offsets: \(place): it begins at 12, and the tensor before it ends at 8; "
        + "write the file again")
    #expect(
      try refusal(file("{\"v\":\(tensor("F32", "[1]", 4, 0))}", data: 4))
        == "bad-offsets: \(place): it ends at 0, before it begins; write the file again")
    #expect(
      try refusal(file("{\"v\":\(tensor("F32", "[3]", 0, 8))}", data: 8))
        == "bad-offsets: \(place): 8 bytes, and the shape [3] of F32 needs 12; "
        + "write the file again")
  }

  @Test func shapesDoNotOverflow() throws {
    let place = "x.safetensors: tensor \"v\""
    for shape in ["[4194305,4194305,211106198978564]", "[2,9223372036854775807]"] {
      let shown = shape.replacingOccurrences(of: ",", with: ", ")
      #expect(
        try refusal(file("{\"v\":\(tensor("F32", shape, 0, 16))}", data: 16))
          == "bad-shape: \(place): the shape \(shown) has too many elements; write the file again")
    }
    #expect(
      try refusal(file("{\"v\":\(tensor("F64", "[4611686018427387904]", 0, 0))}"))
        == "bad-shape: \(place): the shape [4611686018427387904] of F64 fills no whole bytes; "
        + "write the file again")
    #expect(
      try refusal(file("{\"v\":\(tensor("F4", "[3]", 0, 2))}", data: 2))
        == "bad-shape: \(place): the shape [3] of F4 fills no whole bytes; write the file again")
    for size in ["-1", "18446744073709551616", "1e400", "1.0"] {
      let message = try refusal(file("{\"v\":\(tensor("F32", "[\(size)]", 0, 4))}", data: 4))
      #expect(
        message
          == "bad-json: x.safetensors: byte 37: \(size) is not a size; \(Self.again)")
    }
    let deep = "[" + [String](repeating: "1", count: 65).joined(separator: ",") + "]"
    #expect(
      try refusal(file("{\"v\":\(tensor("F32", deep, 0, 4))}", data: 4))
        == "bad-json: x.safetensors: byte 165: more than 64 numbers; \(Self.again)")
  }

  @Test func namesAreUniqueByBytes() throws {
    let (a, b) = (tensor("F32", "[1]", 0, 4), tensor("F32", "[1]", 4, 8))
    #expect(
      try refusal(file("{\"w\":\(a),\"w\":\(b)}", data: 8))
        == "bad-json: x.safetensors: byte 65: the key \"w\" occurs twice; \(Self.again)")
    #expect(
      try refusal(file("{\"w\":\(a),\"\\u0077\":\(b)}", data: 8))
        == "bad-json: x.safetensors: byte 70: the key \"w\" occurs twice; \(Self.again)")
    // Equal after Unicode normalisation is not equal.
    #expect(try refusal(file("{\"\u{e9}\":\(a),\"e\u{301}\":\(b)}", data: 8)) == "accepted")
    #expect(
      try refusal(file("{\"w\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}"))
        == "bad-json: x.safetensors: byte 35: the key \"dtype\" occurs twice; \(Self.again)")
    #expect(
      try refusal(file("{\"\":\(a)}", data: 4))
        == "bad-json: x.safetensors: byte 60: a tensor's name has 0 bytes, of 1 to 4096; "
        + Self.again)
  }

  @Test(arguments: [
    ("[]", "byte 8: expected {"),
    ("{", "byte 9: expected \""),
    ("{}x", "byte 10: there is more after the end of the value"),
    ("{\"w\":1}", "byte 13: expected {"),
    ("{\"w\":{}}", "byte 15: tensor \"w\" lacks dtype, shape or data_offsets"),
    ("{\"w\":{\"x\":1}}", "byte 18: tensor \"w\" has an unknown field \"x\""),
    ("{\"__metadata__\":{\"a\":1}}", "byte 29: the metadata \"a\" is not a string"),
    ("{\"w\":{\"dtype\":\"F31\",\"shape\":[],\"data_offsets\":[0,0]}}", nil),
    ("{\"\u{1}\":1}", "byte 10: a control character in a string"),
    ("{\"\\q\":1}", "byte 12: an unknown escape in a string"),
    ("{\"\\ud800\":1}", "byte 16: a lone surrogate"),
    ("{\"w", "byte 11: the text ends inside a string"),
  ]) func malformedHeadersNameTheirByte(header: String, message: String?) throws {
    guard let message else {
      #expect(
        try refusal(file(header))
          == "bad-header: x.safetensors: tensor \"w\": the type F31 is not one"
          + " of the format's; write the file again")
      return
    }
    #expect(try refusal(file(header)) == "bad-json: x.safetensors: \(message); \(Self.again)")
  }

  @Test func namesThatAreNotUTF8AreRefused() throws {
    let bytes = little(6, 8) + [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31]
    #expect(
      try refusal(bytes)
        == "bad-json: x.safetensors: byte 12: a string is not UTF-8; \(Self.again)")
  }

  @Test func manyTensorsAreRefusedInTime() throws {
    var header = "{"
    for index in 0...Checkpoint.mostTensors {
      header += "\"t\(index)\":\(tensor("U8", "[0]", 0, 0)),"
    }
    header.removeLast()
    #expect(
      try refusal(file(header + "}"))
        == "too-many-tensors: x.safetensors: more than 250000 tensors; "
        + "split the file")
  }

  @Test func vastSparseFilesStream() throws {
    // 50 GB of zeros that occupy nothing: only the header and one block are read here.
    let folder = try TemporaryFolder()
    let (rows, columns) = (12_500_000, 1_000)
    let header = "{\"w\":\(tensor("F32", "[\(rows),\(columns)]", 0, rows * columns * 4))}"
    let path = try folder.write(file(header), as: "x.safetensors")
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: UInt64(8 + header.utf8.count + rows * columns * 4))
    try handle.close()
    struct Enough: Error {}
    let checkpoint = try Checkpoint.open(path)
    #expect(checkpoint.bytes > 50_000_000_000)
    #expect(checkpoint.findings.map(\.code) == ["sparse-file"])
    var blocks = 0
    #expect(throws: Problem.self) {
      try checkpoint.forEachBlock(of: checkpoint.tensors[0]) { block throws(Problem) in
        blocks += 1
        if blocks == 3 { throw Problem("enough", at: "", "", remedy: "") }
      }
    }
    #expect(blocks == 3)
    do {
      _ = try Checkpoint.open(path, isSettled: false)
      Issue.record("accepted while its writer may be at it")
    } catch {
      #expect(error.code == "incomplete-sparse")
      #expect(error.kind == .tryAgain)
    }
  }
}
