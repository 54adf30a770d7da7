// reports/<run>/index.html: a run to look at, one file without scripts or anything fetched.

/// Renders a run as a self-contained page.
public struct RunPage {
  let run: RunReport
  /// The checkpoints that charts are drawn through, each life of the run a line of its own: a line has
  /// no use for two in one pixel.
  let lives: [[TrajectoryRow]]
  /// How the last of several lives began.
  private let lastBeginning: String?
  let scale: StepScale?

  /// A page of this run.
  public init(_ run: RunReport) {
    self.run = run
    let drawn = ShownRows(run.trajectory, slots: Int(Self.width / 2)).indices.map {
      run.trajectory[$0]
    }
    lives = Lives(drawn).each
    lastBeginning = Lives(drawn).lastBeginning
    scale = StepScale(drawn.compactMap(\.step), width: Self.width)
  }

  /// The page as UTF-8.
  public var html: [UInt8] {
    let sections = [
      heading, remarks, informationChart, performanceChart, shareChart, layerTable, unreported,
      rows,
    ].filter { !$0.isEmpty }
    let page = """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(escaped(run.run))</title><style>\(Self.style)</style></head><body>
      \(sections.joined(separator: "\n"))
      </body></html>

      """
    return Array(page.utf8)
  }

  private static let style = """
    :root{color-scheme:light dark;--ink:#1d2330;--dim:#6b7385;--line:#d8dce5;--paper:#fff;\
    --a:#2458d3;--b:#c2571a;--peak:#c2571a;--end:#2a8a4a}
    @media(prefers-color-scheme:dark){:root{--ink:#e6e9f0;--dim:#98a1b3;--line:#363d4c;\
    --paper:#171b24;--a:#7ea2ff;--b:#f2a36b;--peak:#f2a36b;--end:#6fce8d}}
    body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);\
    max-width:60rem;margin:2rem auto;padding:0 1rem}
    h1{font-size:1.4rem;margin:0}h2{font-size:1rem;margin:2rem 0 .3rem}
    .dim{color:var(--dim)}svg{width:100%;height:auto;display:block}
    svg text{font-size:11px;fill:var(--dim)}
    .told{overflow-wrap:anywhere}.wide{overflow-x:auto}\
    table{border-collapse:collapse;font-variant-numeric:tabular-nums}
    th,td{padding:.15rem .7rem .15rem 0;text-align:right;white-space:nowrap}
    th{color:var(--dim);font-weight:500}\
    .life td{color:var(--dim);border-top:1px solid var(--line)}\
    td:last-child,th:last-child,td.name,th.name{text-align:left}
    """

  // MARK: Text

  private var heading: String {
    let period = run.criticalPeriod
    var text = "<h1>\(escaped(run.run))</h1>\n<p>Critical period: <strong>\(escaped(period.state))"
    text += "</strong>"
    if let peak = period.peak { text += ", information peaked at step \(peak.step)" }
    if let end = period.end {
      text += ", \(period.endInWords) at step \(end.step) ("
      if end.interval.count == 2 { text += "between \(end.interval[0]) and \(end.interval[1]), " }
      text += "said at step \(end.decidedAtStep) with probability \(rounded(end.probability)))"
    }
    if let reason = period.reason { text += ": \(escaped(reason))" }
    text += ".</p>\n<p class=\"dim\">\(checkpointCount(run.trajectory.count)), evidence: "
    text += "\(escaped(run.evidence)).</p>"
    guard !period.evidence.isEmpty else { return text }
    return text + "<ul>" + period.evidence.map { "<li>\(escaped($0))</li>" }.joined() + "</ul>"
  }

  private var layerTable: String {
    guard !run.layers.isEmpty else { return "" }
    let cells = run.layers.map { layer in
      "<tr><td class=\"name\">\(escaped(layer.name))</td><td>"
        + (layer.share.map { rounded($0 * 100) + " %" } ?? "–")
        + "</td><td>\(layer.peakStep.map(String.init) ?? "–")</td>"
        + "<td>\(layer.endStep.map(String.init) ?? "–")</td><td>\(escaped(layer.told))</td></tr>"
    }
    return """
      <h2>Layers</h2><div class="wide"><table><tr><th class="name">layer</th><th>share</th>\
      <th>peak at step</th><th>fixed at step</th><th>state</th></tr>\(cells.joined())</table></div>
      """
  }

  private var rows: String {
    let beginnings = Lives(run.trajectory).beginnings
    let cells = run.trajectory.enumerated().map { index, row in
      let divider = beginnings[index].map {
        "<tr class=\"life\"><td colspan=\"8\">\(escaped($0))</td></tr>"
      }
      let numbers = [
        row.step.map(String.init) ?? "?", rounded(row.loss), rounded(row.accuracy),
        rounded(information(row)), rounded(row.informationBits), rounded(row.plasticity),
        rounded(row.confidence),
      ]
      return (divider ?? "") + "<tr>" + numbers.map { "<td>\($0)</td>" }.joined()
        + "<td><a href=\"\(escaped(row.report))\">\(escaped(row.state))</a></td></tr>"
    }
    return """
      <h2>Checkpoints</h2><div class="wide"><table><tr><th>step</th><th>loss</th><th>accuracy</th>\
      <th>\(informationTitle)</th><th>bits</th><th>plasticity</th><th>confidence</th>\
      <th>state, report</th></tr>\(cells.joined())</table></div>
      """
  }

  // MARK: Charts

  private func information(_ row: TrajectoryRow) -> Double? {
    switch run.evidence {
    case "probe": row.fisherTrace?.value
    case "optimizer": row.windowedSecondMoment
    default: row.relativeUpdate?.value
    }
  }

  private var informationTitle: String {
    switch run.evidence {
    case "probe": "Fisher trace"
    case "optimizer": "windowed second moment"
    default: "relative update"
    }
  }

  private var informationChart: String {
    chart(
      "Information",
      lines: [
        (informationTitle, "a", information),
        ("information in the weights, bits", "b", \.informationBits),
      ])
  }

  private var performanceChart: String {
    chart(
      run.evidence == "probe"
        ? "Performance on the probe" : "Performance, as the training logged it",
      lines: [
        ("loss, nats", "a", \.loss),
        ("accuracy", "b", \.accuracy),
      ])
  }

  static let width = 900.0
  static let height = 220.0

  /// Lines over log(step), each scaled to its own largest value, which the legend names.
  private func chart(
    _ title: String,
    lines: [(name: String, colour: String, value: (TrajectoryRow) -> Double?)]
  ) -> String {
    let rows = lives.flatMap { $0 }
    let shown = lines.filter { line in rows.contains { line.value($0) != nil } }
    guard let scale, !shown.isEmpty, rows.count > 1 else { return "" }
    var marks = ""
    var legend: [String] = []
    for line in shown {
      let largest = rows.compactMap(line.value).max() ?? 0
      for (index, life) in lives.enumerated() {
        let points = life.compactMap { row in
          line.value(row).map { (scale.place(row.step ?? 0), vertical($0, largest)) }
        }
        marks += curve(points, "var(--\(line.colour))", opacity(ofLife: index))
      }
      legend.append(
        "<span style=\"color:var(--\(line.colour))\">\(escaped(line.name))</span>, at most "
          + rounded(largest))
    }
    let lighter = lastBeginning.map { "; lighter: before it was \($0)" } ?? ""
    return """
      <h2>\(escaped(title))</h2>\
      <p class="dim">\(legend.joined(separator: "; ")); over log(step)\(lighter)</p>
      <svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height) + 20)" role="img" \
      aria-label="\(escaped(title))">\(axis)\(marks)</svg>
      """
  }

  /// A line through points; a dot where there is but one, which a line would not show.
  private func curve(_ points: [(x: Double, y: Double)], _ colour: String, _ opacity: String)
    -> String
  {
    guard points.count > 1 else {
      return points.map {
        "<circle fill=\"\(colour)\"\(opacity) r=\"3\" cx=\"\(coordinate($0.x))\" "
          + "cy=\"\(coordinate($0.y))\"/>"
      }.joined()
    }
    return "<polyline fill=\"none\" stroke=\"\(colour)\"\(opacity) stroke-width=\"2\" points=\""
      + points.map { "\(coordinate($0.x)),\(coordinate($0.y))" }.joined(separator: " ") + "\"/>"
  }

  /// Lives before the last are drawn lighter.
  func opacity(ofLife index: Int) -> String {
    index < lives.count - 1 ? " opacity=\"0.35\"" : ""
  }

  private func vertical(_ value: Double, _ largest: Double) -> Double {
    largest > 0 ? Self.height - 5 - max(0, value) / largest * (Self.height - 15) : Self.height - 5
  }

  /// The base line, the first and last step, and where the peak and the end are.
  var axis: String {
    var marks =
      "<line x1=\"0\" x2=\"\(Int(Self.width))\" y1=\"\(Int(Self.height) - 5)\" "
      + "y2=\"\(Int(Self.height) - 5)\" stroke=\"var(--line)\"/>"
    for (name, at) in [
      ("peak", run.criticalPeriod.peak?.step), ("end", run.criticalPeriod.end?.step),
    ] {
      guard let at, let scale, scale.steps.contains(at) else { continue }
      let place = scale.place(at)
      marks +=
        "<line x1=\"\(coordinate(place))\" x2=\"\(coordinate(place))\" y1=\"0\" "
        + "y2=\"\(Int(Self.height) - 5)\" stroke=\"var(--\(name))\" stroke-dasharray=\"4 3\"/>"
        + "<text x=\"\(coordinate(place + 4))\" y=\"12\">\(name) \(at)</text>"
    }
    let y = Int(Self.height) + 12
    if let steps = scale?.steps {
      marks += "<text x=\"0\" y=\"\(y)\">step \(steps.lowerBound)</text>"
      marks +=
        "<text x=\"\(Int(Self.width))\" y=\"\(y)\" text-anchor=\"end\">"
        + "step \(steps.upperBound)</text>"
    }
    return marks
  }

  func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default:
        if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
          escaped += "\u{FFFD}"
        } else {
          escaped.unicodeScalars.append(scalar)
        }
      }
    }
    return escaped
  }

  func coordinate(_ value: Double) -> String {
    String(Double((value * 10).rounded()) / 10)
  }
}
