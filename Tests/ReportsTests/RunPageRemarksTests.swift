import Reports
import Testing

/// What a page tells beside its curves: remarks, and checkpoints without a report.
@Suite struct RunPageRemarksTests {
  private func page(_ run: RunReport) -> String {
    String(decoding: RunPage(run).html, as: UTF8.self)
  }

  @Test func remarksAreToldAndEscaped() {
    var run = SampleRun.report(checkpoints: 3)
    run.findings = [
      FindingReport(
        code: "weights-not-finite", where: "/runs/<b>.pt",
        text: "step 4 holds NaN weights & \"<script>alert('1')</script>\u{1B}[2J\"")
    ]
    let page = page(run)
    #expect(page.contains("<h2>Remarks</h2>"))
    #expect(
      page.contains(
        "<li>step 4 holds NaN weights &amp; &quot;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"
          + "\u{FFFD}[2J&quot; <span class=\"dim\">(weights-not-finite, /runs/&lt;b&gt;.pt)</span></li>"
      ))
    #expect(!page.contains("<script") && !page.contains("<b>") && !page.contains("\u{1B}"))
  }

  @Test func rejectedAndMissedCheckpointsAreTold() {
    var run = SampleRun.report(checkpoints: 3)
    run.rejected = [
      RejectedCheckpoint(
        path: "/runs/<7>.pt", code: "unsupported-html",
        reason: "unsupported-html: /runs/<7>.pt: this is a web page; download the file again"),
      RejectedCheckpoint(path: "/runs/8.pt", code: "rejected", reason: "not given"),
    ]
    run.missed = 2
    let page = page(run)
    #expect(page.contains("<h2>Checkpoints without a report</h2>"))
    // Code and path are told once, however the reason begins.
    #expect(
      page.contains(
        "<li>/runs/&lt;7&gt;.pt: this is a web page; download the file again"
          + " <span class=\"dim\">(unsupported-html)</span></li>"))
    #expect(page.contains("<li>/runs/8.pt: not given <span class=\"dim\">(rejected)</span></li>"))
    #expect(page.contains("<p>2 checkpoints vanished before they could be read.</p>"))
    run.rejected = []
    run.missed = 1
    #expect(self.page(run).contains("<p>1 checkpoint vanished before it could be read.</p>"))
  }

  @Test func nothingIsToldWhereAllIsWell() {
    let page = page(SampleRun.report(checkpoints: 3))
    for title in ["Remarks", "without a report", "vanished", "class=\"told\""] {
      #expect(!page.contains(title), "\(title)")
    }
  }

  @Test(arguments: [100, 101, 1234]) func aLongListIsCut(count: Int) {
    var run = SampleRun.report(checkpoints: 3)
    run.rejected = (0..<count).map {
      RejectedCheckpoint(path: "/runs/\($0).pt", code: "torn", reason: "torn: the file is cut off")
    }
    let page = page(run)
    #expect(page.ranges(of: ": the file is cut off").count == 100)
    #expect(page.contains("<li>/runs/99.pt: ") && !page.contains("/runs/100.pt: "))
    #expect(
      page.contains("<p>and \(count - 100) more, in <a href=\"run.yaml\">run.yaml</a>.</p>")
        == (count > 100))
  }
}
