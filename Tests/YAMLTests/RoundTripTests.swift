// Whatever the emitter writes, our parser reads back as the same tree, and writes again as the
// same bytes.

import Diagnostics
import TestSupport
import Testing
import YAML

@Suite struct RoundTripTests {
  private let source = Source(file: "t.yaml", kind: .data)

  @Test(arguments: nastyStrings.indices)
  func keepsEveryNastyString(_ index: Int) throws {
    let text = nastyStrings[index]
    for flow in [false, true] {
      let node = Node.mapping([
        ("value", .string(text)), ("list", .strings([text, "a", text])),
        ("keys", .mapping([(text, .integer(1)), ("other", .null)])),
        ("nested", .sequence([.mapping([(text, .mapping([(text, .strings([text]))]))])])),
      ])
      let emitted = (flow ? node.flow : node).emitted()
      let read = try Node.parse(emitted, source: source)
      #expect(read == node, "\(String(decoding: emitted, as: UTF8.self))")
      let value = try String.read(try #require(read["value"]), source)
      #expect(Array(value.utf8) == Array(text.utf8))
    }
  }

  @Test(arguments: nastyStrings.indices)
  func showsNothingThatHidesOrForges(_ index: Int) {
    for scalar in Node.string(nastyStrings[index]).text.dropLast().unicodeScalars {
      #expect(scalar.value >= 0x20 && !(0x7F...0xA0).contains(scalar.value))
      #expect(![0x2028, 0x2029, 0x202E, 0x2066, 0x200E, 0xFEFF, 0xFFFE].contains(scalar.value))
    }
  }

  @Test(arguments: [UInt64](1...60))
  func keepsRandomTrees(seed: UInt64) throws {
    var generator = Seeded(seed: seed)
    for _ in 0..<10 {
      let node = randomNode(&generator)
      let emitted = node.emitted()
      let read = try Node.parse(emitted, source: source, limits: .document)
      #expect(read == node, "seed \(seed):\n\(String(decoding: emitted, as: UTF8.self))")
      #expect(read.text == node.text, "seed \(seed)")
    }
  }

  @Test(arguments: [UInt64](1...5))
  func keepsTheBitsOfDoubles(seed: UInt64) throws {
    var generator = Seeded(seed: seed)
    let values = nastyDoubles + (0..<400).map { _ in randomDouble(&generator) }
    let read = try Node.parse(Node.doubles(values).emitted(), source: source)
    #expect(
      try [Double].read(read, source).map(\.bitPattern) == values.map(\.bitPattern), "\(seed)")
  }

  @Test func writesNumbersAsPyYAMLReadsThem() {
    #expect(Node.double(1e-5).text == "1.0e-05\n")
    #expect(Node.double(1e16).text == "1.0e+16\n")
    #expect(Node.double(1).text == "1.0\n")
    #expect(Node.double(-2.5e-300).text == "-2.5e-300\n")
    #expect(Node.float(0.1).text == "0.1\n")
    #expect(Node.double(.nan).text == "null\n")
    #expect(Node.double(-.infinity).text == "null\n")
    #expect(Node.float(.infinity).text == "null\n")
    #expect(Node.integer(UInt64.max).text == "18446744073709551615\n")
  }

  @Test func looksAsPeopleWouldWriteIt() {
    let node = Node.mapping([
      ("schema", .string("plasticityd/checkpoint/v1")),
      (
        "checkpoint",
        Node.mapping([
          ("path", .string("epoch_004.pt")), ("bytes", .integer(196312)),
          ("written", .timestamp("2026-01-01T00:00:00Z")),
        ]).flow
      ),
      ("performance", .mapping([("loss", .double(0.41)), ("accuracy", .double(nil))])),
      (
        "layers",
        .sequence([
          .mapping([
            ("name", .string("conv1.0")), ("shape", .integers([32, 1, 5])),
            (
              "tensors",
              .sequence([
                Node.mapping([("name", .string("a: b")), ("frozen", .bool(true))]).flow
              ])
            ),
          ]),
          .mapping([("name", .string("yes"))]),
        ])
      ),
      ("skipped", .sequence([])),
      ("findings", .mapping([])),
      ("text", .string("the first epochs are missing, see the log")),
    ])
    #expect(
      node.text == """
        schema: plasticityd/checkpoint/v1
        checkpoint: {path: epoch_004.pt, bytes: 196312, written: 2026-01-01T00:00:00Z}
        performance:
          loss: 0.41
          accuracy: null
        layers:
          - name: conv1.0
            shape: [32, 1, 5]
            tensors:
              - {name: "a: b", frozen: true}
          - name: "yes"
        skipped: []
        findings: {}
        text: the first epochs are missing, see the log

        """)
  }

  @Test func breaksLongListsAndKeepsThem() throws {
    let node = Node.mapping([("curve", .doubles((0..<200).map { Double($0) / 7 }))])
    #expect(node.text.split(separator: "\n").allSatisfy { $0.utf8.count < 145 })
    #expect(try Node.parse(node.emitted(), source: source) == node)
  }

  @Test func aTimestampThatIsNoneBecomesAString() {
    #expect(Node.timestamp("2026-01-01T00:00:00.125Z").text == "2026-01-01T00:00:00.125Z\n")
    #expect(Node.timestamp("now: or never").text == "\"now: or never\"\n")
  }
}
