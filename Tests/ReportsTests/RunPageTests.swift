import Reports
import Testing

/// The page that a browser is given.
@Suite struct RunPageTests {
  private func page(_ run: RunReport) -> String {
    String(decoding: RunPage(run).html, as: UTF8.self)
  }

  @Test(arguments: [0, 1, 2, 40, 3000]) func everyTagIsClosed(count: Int) throws {
    var run = SampleRun.report(checkpoints: count)
    run.run = "<script>alert('1')</script>&\"\u{1B}[2J"
    run.layers[0].name = "</td><b>"
    run.findings = [FindingReport(code: "c", where: "</p>", text: "</li><b>")]
    run.rejected = [RejectedCheckpoint(path: "</ul><b>", code: "c", reason: "<script>")]
    run.missed = 1
    let page = page(run)
    #expect(try unbalanced(page) == nil)
    for foreign in ["<script", "<b>", "\u{1B}", "src=", "url(", "http", "nan", ",inf", ">inf<"] {
      #expect(!page.contains(foreign), "\(foreign), \(count) checkpoints")
    }
    #expect(occurrences("<tr><td>", in: page) == count)
    // Nothing can be drawn through fewer than two points.
    #expect(occurrences("<svg", in: page) == (count < 2 ? 0 : 3))
  }

  /// The step of the end is marked between the checkpoints beside it, as log(step) goes.
  @Test func theEndIsMarkedInItsPlace() throws {
    var run = SampleRun.report(checkpoints: 11)  // Steps 1 to 1024, from 10 to 890.
    run.criticalPeriod.end = EndReport(
      step: 32, interval: [16, 64], probability: 0.6, decidedAtStep: 64)
    let page = page(run)
    #expect(occurrences("<line x1=\"450.0\" x2=\"450.0\"", in: page) == 3)
    #expect(occurrences(">end 32</text>", in: page) == 3)
    #expect(
      page.contains(
        "ended at step 32 (between 16 and 64, said at step 64 with probability 0.600)"))
  }

  /// Bands of shares lie on one another: the upper edge of each is the lower one of the next.
  @Test func sharesAreBandsThatAddUpToOne() throws {
    let bands = page(SampleRun.report(checkpoints: 5)).split(separator: "<polygon ").dropFirst()
      .compactMap { band in
        band.split(separator: "points=\"").dropFirst().first?.prefix { $0 != "\"" }
          .split(separator: " ")
      }
    #expect(bands.count == 3)
    for (lower, upper) in zip(bands, bands.dropFirst()) {
      #expect(Array(lower.suffix(5).reversed()) == Array(upper.prefix(5)))
    }
    #expect(bands[0].prefix(5).allSatisfy { $0.hasSuffix(",215.0") })
    #expect(bands[2].suffix(5).allSatisfy { $0.hasSuffix(",0.0") })
  }

  /// Charts do not grow with the run; the table of checkpoints does.
  @Test func aLongRunIsDrawnThroughAFewHundredPoints() {
    let page = page(SampleRun.report(checkpoints: 3001))
    let lines = page.split(separator: "<polyline ").dropFirst()
    #expect(lines.count == 4)
    for line in lines {
      let points =
        line.split(separator: "points=\"").dropFirst().first?.prefix { $0 != "\"" }
        .split(separator: " ") ?? []
      #expect((100...460).contains(points.count))
      #expect(points.first?.hasPrefix("10.0,") == true && points.last?.hasPrefix("890.0,") == true)
    }
  }

  private func occurrences(_ text: String, in page: String) -> Int {
    page.ranges(of: text).count
  }

  /// The first tag that is not closed, or closes none.
  private func unbalanced(_ page: String) throws -> String? {
    var open: [Substring] = []
    for piece in page.split(separator: "<", omittingEmptySubsequences: false).dropFirst() {
      guard let end = piece.firstIndex(of: ">") else { return String(piece) }
      let tag = piece[..<end]
      let name = tag.drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber || $0 == "!" }
      if tag.hasSuffix("/") || ["!doctype", "meta"].contains(name) { continue }
      if !tag.hasPrefix("/") {
        open.append(name)
      } else if open.popLast() != name {
        return String(tag)
      }
    }
    return open.last.map(String.init)
  }
}
