// Typed reading, and the lines a person sees when a value or a key is wrong.

import Diagnostics
import Testing
import YAML

private enum Labels: String, CaseIterable, Readable {
  case exact
  case sampled
}

private struct Root: Readable {
  var path: String
  var weight: Double

  static func read(_ node: Node, _ source: Source) throws(Problem) -> Root {
    var reader = try MappingReader(node, source)
    let root = Root(
      path: try reader.required("path"), weight: try reader.optional("weight", default: 1))
    try reader.finish()
    return root
  }
}

private struct Settings {
  var roots: [Root]
  var labels: Labels
  var workers: Int
  var strict: Bool?

  init(_ text: String) throws(Problem) {
    let source = Source(file: "c.yaml", kind: .configuration)
    var reader = try MappingReader(try Node.parse(Array(text.utf8), source: source), source)
    roots = try reader.required("roots")
    labels = try reader.optional("labels", default: .exact)
    workers = try reader.optional("workers", default: 2)
    strict = try reader.optional("strict")
    guard workers > 0 else {
      throw reader.problem(
        "bad-value", key: "workers", "\(workers) workers", remedy: "write 1 or more")
    }
    try reader.finish()
  }
}

private func refusal(_ text: String) -> String {
  do {
    _ = try Settings(text)
    return "accepted"
  } catch {
    return error.kind == .configuration ? error.description : "wrong kind: \(error)"
  }
}

@Suite struct ReadingTests {
  @Test func readsValues() throws {
    let settings = try Settings(
      "roots:\n  - path: /runs\n    weight: 1e-3\n  - {path: \"1e3\"}\nlabels: sampled\nstrict: ~\n"
    )
    #expect(settings.roots.map(\.path) == ["/runs", "1e3"])
    #expect(settings.roots.map(\.weight) == [0.001, 1])
    #expect(settings.labels == .sampled)
    #expect(settings.workers == 2)
    #expect(settings.strict == nil)
    #expect(try Settings("roots: []\nstrict: false\n").strict == false)
  }

  @Test(arguments: [
    (
      "roots: []\nlabls: exact\n",
      "unknown-key: c.yaml:2:1: the key \"labls\" is not known here; did you mean \"labels\"?"
    ),
    (
      "roots: []\nwrokers: 1\n",
      "unknown-key: c.yaml:2:1: the key \"wrokers\" is not known here; did you mean \"workers\"?"
    ),
    (
      "roots: []\ncolour: red\n",
      "unknown-key: c.yaml:2:1: the key \"colour\" is not known here; "
        + "remove it; the keys here are roots, labels, workers, strict"
    ),
    (
      "roots:\n  - pth: x\n",
      "missing-key: c.yaml:2:5: the key \"path\" is missing; add path: …; is \"pth\" meant as that?"
    ),
    ("{}\n", "missing-key: c.yaml:1:1: the key \"roots\" is missing; add roots: …"),
    ("", "wrong-type: c.yaml:1:1: expected a mapping, found nothing (null); write a mapping"),
    ("- 1\n", "wrong-type: c.yaml:1:1: expected a mapping, found a list; write a mapping"),
    (
      "roots: /runs\n",
      "wrong-type: c.yaml:1:8: expected a list, found the string \"/runs\"; write a list"
    ),
    (
      "roots: []\nstrict: yes\n",
      "wrong-type: c.yaml:2:9: expected true or false, found yes without quotes; "
        + "write true or false"
    ),
    (
      "roots: []\nstrict: \"true\"\n",
      "wrong-type: c.yaml:2:9: expected true or false, found the string \"true\"; "
        + "write true or false"
    ),
    (
      "roots: []\nworkers: 1.5\n",
      "wrong-type: c.yaml:2:10: expected an integer, found the number 1.5; write an integer"
    ),
    (
      "roots: []\nworkers: 010\n",
      "wrong-type: c.yaml:2:10: expected an integer, found 010 without quotes; write an integer"
    ),
    (
      "roots: []\nworkers: 99999999999999999999\n",
      "wrong-type: c.yaml:2:10: expected an integer, found the number 1e+20; write an integer"
    ),
    ("roots: []\nworkers: 0\n", "bad-value: c.yaml:2:10: 0 workers; write 1 or more"),
    (
      "roots: [{path: no}]\n",
      "wrong-type: c.yaml:1:16: expected a string, found no without quotes; "
        + "if it is meant as text, write \"no\""
    ),
    (
      "roots: [{path: 42}]\n",
      "wrong-type: c.yaml:1:16: expected a string, found the integer 42; "
        + "if it is meant as text, write \"42\""
    ),
    (
      "roots: [{path: /runs, weight: .inf}]\n",
      "wrong-type: c.yaml:1:31: expected a number, found .inf without quotes; write a number"
    ),
    (
      "roots: [{path: /runs, weight: 1e999}]\n",
      "wrong-type: c.yaml:1:31: expected a number, found 1e999 without quotes; write a number"
    ),
    (
      "roots: []\nlabels: exakt\n",
      "wrong-type: c.yaml:2:9: expected one of exact, sampled, found the string \"exakt\"; "
        + "did you mean exact?"
    ),
    (
      "roots: []\n\"a\\nb\\e[2J\": 1\n",
      "unknown-key: c.yaml:2:1: the key \"a\\u{a}b\\u{1b}[2J\" is not known here; "
        + "remove it; the keys here are roots, labels, workers, strict"
    ),
  ])
  func saysWhatIsWrongAndWhere(text: String, line: String) {
    #expect(refusal(text) == line)
  }

  @Test(arguments: [
    "yes", "No", "on", "OFF", "0o7", "010", "0x1F", "1_000", "1:30", ".inf", "-.INF", ".nan", "=",
    "0b1",
  ])
  func namesTheDoubtOfPlainWords(_ word: String) {
    #expect(
      ScalarValue(Node.Scalar(text: word, isPlain: true)) == .ambiguous(word))
    #expect(ScalarValue(Node.Scalar(text: word, isPlain: false)) == .string(word))
  }

  @Test func readsMappingsOfNamesAndNestedReaders() throws {
    let source = Source(file: "c.yaml", kind: .configuration)
    let node = try Node.parse(
      Array("probes: {a: /x, \"no\": /y}\nscan:\n  interval: 5\n  max_dept: 3\n".utf8),
      source: source)
    var reader = try MappingReader(node, source)
    #expect(try reader.required("probes", as: [String: String].self) == ["a": "/x", "no": "/y"])
    var scan = try reader.required("scan", as: MappingReader.self)
    try reader.finish()
    #expect(try scan.required("interval", as: Double.self) == 5)
    #expect(try scan.optional("max_depth", as: Int.self) == nil)
    let problem = #expect(throws: Problem.self) { try scan.finish() }
    #expect(
      problem?.description
        == "unknown-key: c.yaml:4:3: the key \"max_dept\" is not known here; "
        + "did you mean \"max_depth\"?")
    let wrong = #expect(throws: Problem.self) {
      try [String: Int].read(node, source)
    }
    #expect(
      wrong?.description
        == "wrong-type: c.yaml:1:9: expected an integer, found a mapping; write an integer")
  }

  @Test func manyKeysCostLittle() throws {
    let source = Source(file: "c.yaml", kind: .configuration)
    let text = (0..<20_000).map { "k\($0): 1\n" }.joined()
    var reader = try MappingReader(try Node.parse(Array(text.utf8), source: source), source)
    for key in reader.keys.dropLast() { _ = try reader.required(key, as: Int.self) }
    let problem = #expect(throws: Problem.self) { try reader.finish() }
    #expect(problem?.code == "unknown-key")
  }

  @Test func readsUnsignedIntegersAndMoments() throws {
    let source = Source(file: "c.yaml", kind: .data)
    #expect(try UInt64.read(.integer(UInt64.max), source) == .max)
    #expect(throws: Problem.self) { try UInt64.read(.integer(-1), source) }
    #expect(throws: Problem.self) { try UInt64.read(.string("1"), source) }
    #expect(
      try Timestamp.read(.timestamp("2026-01-01T00:00:00Z"), source).text == "2026-01-01T00:00:00Z")
    #expect(throws: Problem.self) { try Timestamp.read(.string("today"), source) }
  }
}
