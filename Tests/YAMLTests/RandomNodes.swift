// Strings, numbers and trees that a YAML reader is likely to get wrong.

import TestSupport
import YAML

let nastyStrings: [String] = [
  "", " ", "yes", "Yes", "no", "NO", "on", "off", "y", "n", "true", "True", "false", "null", "Null",
  "~", "=", "<<", "-", "--", "---", "...", "--- a", "... b", "?", ":", "? a", ": a", "- x", "-x",
  "a: b", "a:b", "a:", ":a", "#", "# a", "a #b", "a#b", "1", "-1", "+1", "1e3", "1E3", "1e-05",
  "1.0", ".5", "5.", "1_000", "0x1F", "0o7", "010", "0b1", "1:30", "1:30.5", "190:20:30", ".inf",
  "-.inf", ".nan", ".NaN", "nan", "inf", "2026-01-01", "2026-01-01T00:00:00Z",
  "2026-1-1 1:1:1", "*a", "&a", "!a", "!!python/object:os.system", "%YAML", "@a", "`a", "'", "\"",
  "'a'", "\"a\"", "\\", "\\n", "|", ">", "|-", "[", "]", "{", "}", "[]", "{}", "[a, b]", ",", "a,b",
  "a, b", "\n", "a\n", "\na", "a\nb", "a\r\nb", "\r", "\t", "a\tb", "\ta", " a", "a ", "a  b",
  "\u{0}", "a\u{0}b", "\u{7}", "\u{1B}[2J", "\u{7F}", "\u{80}", "\u{85}", "\u{9F}", "\u{A0}",
  "\u{AD}", "\u{61C}", "\u{200B}", "\u{200E}", "\u{2028}", "\u{2029}", "\u{202E}abc", "\u{2066}",
  "\u{FEFF}", "a\u{FEFF}b", "\u{FFFD}", "\u{FFFE}", "\u{FFFF}", "\u{1F600}", "\u{10FFFF}",
  "\u{1FFFE}", "\u{E0041}", "é", "e\u{301}", "漢字", "\u{301}", "conv1.0.weight", "a/b/c.pt",
  "/var/lib/x", "./x", "../x", "~/x", "-rf", "$(x)", "layer one", "null value", "true story", "a=b",
  "100%", "a;b", "(a)", "it's", "x\u{FEFF}",
  String(repeating: "long ", count: 400) + ".", String(repeating: "é\n", count: 700),
  String(repeating: "k", count: 1023), String(repeating: "k", count: 1025),
]

let nastyDoubles: [Double] = [
  0, -0.0, 1, -1, 0.1, 1e-5, 1e-05, 1.5e-7, 1e16, 1e22, 1.7976931348623157e308,
  .leastNonzeroMagnitude,
  2.2250738585072014e-308, 123456789.125, 1e15, 1e17, -2.5e-300, 88351, 3.0e100, 1 / 3,
]

func randomString(_ generator: inout Seeded) -> String {
  if Int.random(in: 0..<3, using: &generator) == 0,
    let chosen = nastyStrings.randomElement(using: &generator)
  {
    return chosen
  }
  var text = ""
  let alphabet = Array(" abyenoNYf01e3.:-#,[]{}&*!|>'\"%@`~?=<+_/\\\n\r\t".unicodeScalars)
  for _ in 0..<Int.random(in: 0...12, using: &generator) {
    switch Int.random(in: 0..<4, using: &generator) {
    case 0:
      let value = UInt32.random(in: 0...0x10FFFF, using: &generator)
      if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
    case 1:
      let value = UInt32.random(in: 0...0x2FF, using: &generator)
      if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
    default:
      if let scalar = alphabet.randomElement(using: &generator) {
        text.unicodeScalars.append(scalar)
      }
    }
  }
  return text
}

func randomDouble(_ generator: inout Seeded) -> Double {
  while true {
    let value = Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &generator))
    if value.isFinite { return value }
  }
}

func randomNode(_ generator: inout Seeded, depth: Int = 0) -> Node {
  let node: Node
  switch Int.random(in: 0..<(depth < 5 ? 9 : 6), using: &generator) {
  case 0: node = .null
  case 1: node = .bool(Bool.random(using: &generator))
  case 2: node = .integer(Int.random(in: Int.min...Int.max, using: &generator))
  case 3: node = .double(randomDouble(&generator))
  case 4, 5: node = .string(randomString(&generator))
  case 6:
    node = .sequence(
      (0..<Int.random(in: 0...6, using: &generator)).map { _ in
        randomNode(&generator, depth: depth + 1)
      })
  default:
    var pairs: [(String, Node)] = []
    var keys: Set<String> = []
    for _ in 0..<Int.random(in: 0...6, using: &generator) {
      let key = randomString(&generator)
      if keys.insert(key).inserted {
        pairs.append((key, randomNode(&generator, depth: depth + 1)))
      }
    }
    node = .mapping(pairs)
  }
  return Int.random(in: 0..<4, using: &generator) == 0 ? node.flow : node
}
