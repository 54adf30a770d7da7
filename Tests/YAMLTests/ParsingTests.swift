// What is refused, and with which line.

import Diagnostics
import Testing
import YAML

private func refusal(_ text: String, limits: Limits = .configuration) -> String {
  let source = Source(file: "c.yaml", kind: .configuration)
  do {
    _ = try Node.parse(Array(text.utf8), source: source, limits: limits)
    return "accepted"
  } catch {
    return error.kind == .configuration ? error.description : "wrong kind: \(error)"
  }
}

@Suite struct ParsingTests {
  /// Editors on Windows write one (YAML 1.2.2, §5.2).
  @Test func aByteOrderMarkIsNoText() throws {
    let source = Source(file: "c.yaml", kind: .configuration)
    let marked = try Node.parse([0xEF, 0xBB, 0xBF] + Array("a: 1\nb: 2\n".utf8), source: source)
    #expect(
      try marked.emitted() == Node.parse(Array("a: 1\nb: 2\n".utf8), source: source).emitted())
    #expect(try Node.parse([0xEF, 0xBB, 0xBF], source: source).emitted().isEmpty == false)
    #expect(refusal("\u{FEFF}a: *x\n").hasPrefix("yaml-alias: c.yaml:1:4: "))
  }

  @Test(arguments: [
    (
      "a: *x\n",
      "yaml-alias: c.yaml:1:4: an alias (*name) stands here, and aliases are not read; "
        + "write the value out, or put quotes around a text that begins with *"
    ),
    (
      "a:\n  - &x 1\n",
      "yaml-anchor: c.yaml:2:5: an anchor (&name) stands here, and anchors are not read; "
        + "remove it, or put quotes around a text that begins with &"
    ),
    (
      "a: &x {b: 1}\n",
      "yaml-anchor: c.yaml:1:4: an anchor (&name) stands here, and anchors are not read; "
        + "remove it, or put quotes around a text that begins with &"
    ),
    (
      "a: !!python/object:os.system [ls]\n",
      "yaml-tag: c.yaml:1:4: a tag (!name) stands here, and tags are not read; "
        + "remove it, or put quotes around a text that begins with !"
    ),
    (
      "a: ! 1\n",
      "yaml-tag: c.yaml:1:4: a tag (!name) stands here, and tags are not read; "
        + "remove it, or put quotes around a text that begins with !"
    ),
    (
      "%YAML 1.1\n---\na: 1\n",
      "yaml-directive: c.yaml:1:1: a directive (%YAML or %TAG) stands here; "
        + "remove the line that begins with %"
    ),
    (
      "%TAG ! tag:x,2000:\n---\na: 1\n",
      "yaml-directive: c.yaml:1:1: a directive (%YAML or %TAG) stands here; "
        + "remove the line that begins with %"
    ),
    (
      "a: 1\n---\nb: 2\n",
      "yaml-many-documents: c.yaml:2:1: a second document begins here, and one is read; "
        + "remove the line --- and what follows it"
    ),
    (
      "a:\n  <<: {b: 1}\n",
      "yaml-merge-key: c.yaml:2:3: a merge key (<<) stands here, and it is not read; "
        + "write the keys out"
    ),
    (
      "a: 1\nb: 2\na: 3\n",
      "yaml-duplicate-key: c.yaml:3:1: the key \"a\" stands here and at line 1; "
        + "remove one of the two"
    ),
    (
      "? [a, b]\n: 1\n",
      "yaml-key: c.yaml:1:3: a list or mapping stands where a key is expected; "
        + "use a word as the key"
    ),
    (
      "a: b: c\n",
      "yaml-syntax: c.yaml:1:5: mapping values are not allowed in this context; "
        + "correct the YAML there: look at indentation, colons and quotes"
    ),
    (
      "a:\n\t- 1\n",
      "yaml-syntax: c.yaml:2:1: found character that cannot start any token, "
        + "while scanning for the next token; indent with spaces, not tabs"
    ),
    (
      "a: [1, 2\nb: 3\n",
      "yaml-syntax: c.yaml:2:2: did not find expected ',' or ']', "
        + "while parsing a flow sequence that began at 1:4; "
        + "correct the YAML there: look at indentation, colons and quotes"
    ),
    (
      "a: \u{1}\n",
      "yaml-encoding: c.yaml:1:4: control characters are not allowed (byte 3); "
        + "save the file as UTF-8 text"
    ),
  ])
  func saysWhatIsRefusedAndWhere(text: String, line: String) {
    #expect(refusal(text) == line)
  }

  @Test func refusesOtherEncodings() {
    let source = Source(file: "c.yaml", kind: .data)
    for bytes: [UInt8] in [
      [0xFF, 0xFE, 0x61, 0], [0x61, 0xC3], [0x61, 0x3A, 0x20, 0x80], [0x61, 0],
    ] {
      let problem = #expect(throws: Problem.self) { try Node.parse(bytes, source: source) }
      #expect(problem?.code == "yaml-encoding")
    }
  }

  @Test func refusesWhatIsTooLargeOrTooDeep() {
    #expect(
      refusal(String(repeating: "#", count: 300 << 10))
        == "yaml-too-large: c.yaml: 307200 bytes, and at most 262144 are read; "
        + "make it smaller, or check that this is the file you mean")
    #expect(
      refusal(String(repeating: "[", count: 33) + String(repeating: "]", count: 33))
        == "yaml-too-deep: c.yaml:1:33: more than 32 lists and mappings inside each other; "
        + "write it flatter")
    #expect(
      refusal(String(repeating: "[", count: 32) + String(repeating: "]", count: 32)) == "accepted")
    #expect(
      refusal(String(repeating: "[", count: 200_000)).hasPrefix("yaml-too-deep: c.yaml:1:33:"))
    #expect(refusal(String(repeating: "{a: ", count: 50_000)).hasPrefix("yaml-too-deep"))
    #expect(refusal(String(repeating: "- ", count: 100_000)).hasPrefix("yaml-too-deep"))
  }

  @Test func acceptsTheOrdinaryFrame() throws {
    let source = Source(file: "c.yaml", kind: .data)
    let expected = Node.mapping([("a", .integer(1))])
    for text in ["a: 1", "---\na: 1\n...\n", "# note\n\na:   1   # one\n", "\u{FEFF}a: 1\n"] {
      #expect(try Node.parse(Array(text.utf8), source: source) == expected)
    }
    #expect(try Node.parse([], source: source).isNull)
    #expect(try Node.parse(Array("# nothing\n".utf8), source: source).isNull)
  }

  @Test func everyTruncationAndFlipIsReadOrRefused() throws {
    let text = Array(
      "a: [1, {b: \"x\\u0041\"}]\nc:\n  - d: |\n      text\n    e: 'f'\n? long\n: 1.5e-3\n".utf8)
    let source = Source(file: "c.yaml", kind: .data)
    var read = 0
    for length in 0...text.count {
      if (try? Node.parse(Array(text[..<length]), source: source)) != nil { read += 1 }
    }
    for index in text.indices {
      for bit in 0..<8 {
        var changed = text
        changed[index] ^= 1 << bit
        do {
          let node = try Node.parse(changed, source: source)
          // What was read is written, read and written again as the same.
          let emitted = node.emitted()
          #expect(try Node.parse(emitted, source: source).emitted() == emitted)
          read += 1
        } catch {
          #expect(error.kind == .data && error.place.hasPrefix("c.yaml"))
        }
      }
    }
    #expect(read > 100)
  }
}
