import Diagnostics
import Testing

@Suite struct ProblemTests {
  @Test func rendersOneLine() {
    let problem = Problem(
      "bad-offsets", at: "run1/step_400.safetensors: tensor \"fc1.weight\" at byte 96",
      "4096 bytes claimed, 2048 left", remedy: "the file is truncated, re-copy it")
    #expect(
      "\(problem)"
        == "bad-offsets: run1/step_400.safetensors: tensor \"fc1.weight\" at byte 96: "
        + "4096 bytes claimed, 2048 left; the file is truncated, re-copy it")
  }

  /// A name of a megabyte must not drown the code before it or the remedy behind it.
  @Test func longPartsLoseTheirMiddle() {
    let name = "begin" + String(repeating: "\n", count: 1 << 20) + "end"
    let line = Problem("x", at: name, name, remedy: "z").description
    #expect(line.utf8.count < 32_768)
    #expect(line.hasPrefix("x: begin\\u{a}") && line.hasSuffix("\\u{a}end; z"))
    let short = String(repeating: "é", count: 4_096)
    #expect("\(Problem("x", at: short, "y", remedy: "z"))" == "x: \(short): y; z")
  }

  @Test(arguments: ["a\nb", "a\u{1B}[2Jb", "a\u{202E}b", "a\u{7F}b", "a\u{2028}b", "a\u{0}b"])
  func escapesWhatCouldForgeALine(_ name: String) {
    let line = Problem("x", at: name, "y", remedy: "z").description
    #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F })
    #expect(line.contains("\\u{"))
  }
}
