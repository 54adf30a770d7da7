// PyYAML's safe_load reads every emitted document as the same values. Skipped, visibly, where no
// Python with PyYAML is installed.

import Foundation
import TestSupport
import Testing
import YAML

private func python(_ script: String, input: [UInt8]) throws -> String {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["python3", "-c", script]
  let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
  try Data(input).write(to: file)
  defer { try? FileManager.default.removeItem(at: file) }
  process.standardInput = try FileHandle(forReadingFrom: file)
  let output = Pipe()
  process.standardOutput = output
  process.standardError = FileHandle.nullDevice
  try process.run()
  let data = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : ""
}

private let hasPyYAML = (try? python("import yaml; print('ok')", input: [])) == "ok\n"

// One line per value: its type and its exact content.
private let dump = """
  import sys, yaml, struct
  def show(x):
      if isinstance(x, dict):
          print('mapping', len(x))
          for k, v in x.items():
              show(k); show(v)
      elif isinstance(x, list):
          print('sequence', len(x))
          for v in x: show(v)
      elif isinstance(x, bool): print('bool', str(x).lower())
      elif isinstance(x, float): print('double', struct.pack('>d', x).hex())
      elif isinstance(x, int): print('integer', x)
      elif isinstance(x, str): print('string', x.encode('utf-8', 'surrogatepass').hex())
      elif x is None: print('null')
      else: print(type(x).__name__, x.isoformat())
  show(yaml.load(sys.stdin.buffer.read(), Loader=yaml.SafeLoader))
  """

private func lines(_ node: Node) -> [String] {
  func hex(_ text: String) -> String {
    text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
  if let pairs = node.pairs {
    return ["mapping \(pairs.count)"]
      + pairs.flatMap { ["string \(hex($0.key))"] + lines($0.value) }
  }
  if let items = node.items { return ["sequence \(items.count)"] + items.flatMap(lines) }
  switch node.scalarValue {
  case .bool(let value): return ["bool \(value)"]
  case .integer(let value): return ["integer \(value)"]
  case .double(let value):
    let digits = String(value.bitPattern, radix: 16)
    return ["double " + String(repeating: "0", count: 16 - digits.count) + digits]
  case .string(let text): return ["string \(hex(text))"]
  case .timestamp(let text): return ["datetime " + text.dropLast() + "+00:00"]
  case .null: return ["null"]
  case .ambiguous(let text): return ["ambiguous \(text)"]
  case nil: return ["nothing"]
  }
}

@Suite(.enabled(if: hasPyYAML, "needs python3 with PyYAML")) struct PyYAMLTests {
  @Test func readsEveryNastyStringAsAValueAndAsAKey() throws {
    var keys: [(String, Node)] = []
    var seen: Set<[UInt8]> = []
    for text in nastyStrings where seen.insert(Array(text.utf8)).inserted {
      keys.append((text, .string(text)))
    }
    let node = Node.mapping([
      ("values", .strings(nastyStrings)), ("flow", Node.strings(nastyStrings).flow),
      ("keys", .mapping(keys)), ("flow_keys", Node.mapping(keys).flow),
      ("doubles", .doubles(nastyDoubles)), ("written", .timestamp("2026-01-01T00:00:00Z")),
    ])
    let read = try python(dump, input: node.emitted()).split(separator: "\n").map(String.init)
    #expect(read == lines(node))
  }

  @Test(arguments: [UInt64](1...6))
  func readsRandomTrees(seed: UInt64) throws {
    var generator = Seeded(seed: seed)
    let node = Node.sequence((0..<40).map { _ in randomNode(&generator) })
    let read = try python(dump, input: node.emitted()).split(separator: "\n").map(String.init)
    #expect(read == lines(node), "seed \(seed)")
  }
}
