import Reports
import Testing

/// What `plasticityd show` prints.
@Suite struct RunPictureTests {
  private func rows(_ lines: [String]) -> [String] {
    lines.filter { ["waiting", "acquiring", "closed"].contains(word($0, at: 6)) }
  }

  private func word(_ line: String, at place: Int) -> String {
    let words = line.split(separator: " ")
    return words.indices.contains(place) ? String(words[place]) : ""
  }

  @Test func aRowIsWhatItsCheckpointHolds() throws {
    let lines = RunPicture(SampleRun.report(checkpoints: 11)).lines
    #expect(lines[0].hasPrefix("run sample: 11 checkpoints, evidence from a probe"))
    let rows = rows(lines)
    #expect(rows.count == 11)
    #expect(rows.map { word($0, at: 0) } == (0..<11).map { String(1 << $0) })
    #expect(word(rows[0], at: 1) == "2.00" && word(rows[0], at: 2) == "0")
    // What is not there is a dash.
    #expect(word(rows[0], at: 5) == "–" && word(rows[3], at: 4) == "–")
    #expect(word(rows[1], at: 5) == "1.0e-5")
    // Bars go with the information, the largest over the whole width.
    let bars = rows.map { $0.count { $0 == "█" } }
    #expect(bars[5] == bars.max() && bars[0] * 2 == bars[5] && bars[10] * 2 == bars[5])
    #expect(lines.contains("fixed, in order: second (step 4)"))
    #expect(lines.contains("not known to be fixed: first, third"))
    #expect(!lines.contains { $0.contains("--all") })
  }

  @Test func manyFixedLayersTakeSeveralLines() throws {
    var run = SampleRun.report(checkpoints: 11)
    run.flow?.fixed = (0..<30).map {
      FixedLayer(layer: "layer.\($0)", step: $0, decidedAtStep: 31)
    }
    run.missed = 1
    let lines = RunPicture(run, columns: 80).lines
    let first = try #require(lines.firstIndex { $0.hasPrefix("fixed, in order: layer.0 (step") })
    let last = try #require(lines.firstIndex { $0.hasPrefix("not known to be fixed: ") })
    #expect(last - first > 5)
    for line in lines[first..<last] { #expect(line.count <= 80) }
    #expect(
      lines.contains("missed: 1 checkpoint vanished before it could be read"))
  }

  @Test func aLongRunIsThinnedOverLogStep() throws {
    let run = SampleRun.report(checkpoints: 3000)
    let lines = RunPicture(run).lines
    let rows = rows(lines)
    let steps = rows.compactMap { Int(word($0, at: 0)) }
    #expect((30...64).contains(rows.count))
    #expect(
      lines.contains("\(3000 - rows.count) more checkpoints between these; --all shows every one"))
    #expect(steps.first == 0 && steps.last == 2999 && steps == steps.sorted())
    // Where the state changes is never left out.
    for state in ["waiting", "acquiring", "closed"] {
      let first = run.trajectory.first { $0.state == state }?.step
      #expect(rows.contains { word($0, at: 6) == state && Int(word($0, at: 0)) == first })
    }
    // Late neighbours are about equally far apart in log(step).
    let late = steps.filter { $0 > 500 && ![2000, 2999].contains($0) }
    for (one, next) in zip(late, late.dropFirst()) {
      #expect((1.05...1.35).contains(Double(next) / Double(one)), "\(one), \(next)")
    }
    #expect(self.rows(RunPicture(run, showsAll: true).lines).count == 3000)
  }

  @Test(arguments: [60, 100, 250]) func theStripShowsSharesOverTimeAndTheEnd(columns: Int) throws {
    var run = SampleRun.report(checkpoints: 11)
    run.criticalPeriod.end = EndReport(
      step: 32, interval: [16, 64], probability: 0.6, decidedAtStep: 64)
    let lines = RunPicture(run, columns: columns).lines
    let start = try #require(lines.firstIndex { $0.hasPrefix("shares over log(step)") })
    let strips = lines[(start + 1)...(start + 3)].map { $0.dropFirst(9) }
    #expect(Set(strips.map(\.count)).count == 1)
    #expect(strips[0].first == "█" && strips[0].last == "▄")
    #expect(Set(strips[1]) == ["█"])
    #expect(strips[2].first == "▄" && strips[2].last == "█")
    // Step 32 is half way between 1 and 1024.
    let mark = try #require(lines[start + 4].firstIndex(of: "^"))
    let place = lines[start + 4].distance(from: lines[start + 4].startIndex, to: mark) - 9
    #expect(abs(place - strips[0].count / 2) <= 1)
  }

  @Test func namesFromFilesCannotSteerTheTerminal() {
    var run = SampleRun.report(checkpoints: 3)
    run.run = "a\u{1B}[2J\nb"
    run.layers[0].name = "x\u{7}\u{202E}"
    run.rejected = [RejectedCheckpoint(path: "p", code: "c", reason: "bad\u{1B}]0;\u{7}")]
    run.missed = 2
    let text = RunPicture(run).lines.joined(separator: "\n")
    for scalar in ["\u{1B}", "\u{7}", "\u{202E}"] { #expect(!text.contains(scalar)) }
    #expect(text.contains("run a\\u{1b}[2J\\u{a}b: 3 checkpoints"))
    #expect(text.contains("missed: 2 checkpoints"))
  }

  @Test func nothingIsShownOfNothing() {
    let run = RunReport(
      run: "empty", evidence: "weights",
      criticalPeriod: CriticalPeriodReport(
        state: "waiting", peak: nil, end: nil, reason: nil, evidence: []),
      layers: [], trajectory: [], rejected: [], missed: 0, findings: [])
    let lines = RunPicture(run).lines
    #expect(lines[0].hasPrefix("run empty: 0 checkpoints, evidence from the weights alone"))
    #expect(lines.last == "critical period: waiting")
  }
}
