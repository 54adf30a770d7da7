import Diagnostics

// A run in the terminal: what `plasticityd show` prints.

/// Draws a run's trajectory as a table with a bar per row, and the state in words.
public struct RunPicture {
  private let run: RunReport
  private let columns: Int
  private let shown: [Int]

  /// - Parameters:
  ///   - columns: the terminal's width; at least 60 are used.
  ///   - showsAll: whether every checkpoint of a long run has its row.
  public init(_ run: RunReport, columns: Int = 100, showsAll: Bool = false) {
    self.run = run
    self.columns = max(columns, 60)
    shown = ShownRows(run.trajectory, slots: showsAll ? .max : 60).indices
  }

  /// The lines to print.
  public var lines: [String] {
    [headline, ""] + table + [""] + state + remarks + layerLines
      + ShareStrip(run, columns: columns).lines + flow
      + rejections
  }

  private var headline: String {
    "run \(escapedForTerminal(run.run)): \(checkpointCount(run.trajectory.count)), "
      + "evidence from \(evidenceInWords)"
  }

  private var evidenceInWords: String {
    switch run.evidence {
    case "probe": "a probe (Fisher information, exact or sampled)"
    case "optimizer": "the optimizer's second moments (no probe)"
    default: "the weights alone (no probe, no optimizer moments)"
    }
  }

  private var sharedInWords: String {
    switch run.evidence {
    case "probe": "the information"
    case "optimizer": "the second moments"
    default: "the last change of the weights"
    }
  }

  private func information(_ row: TrajectoryRow) -> Double? {
    switch run.evidence {
    case "probe": row.fisherTrace?.value
    case "optimizer": row.windowedSecondMoment
    default: row.relativeUpdate?.value
    }
  }

  private var informationTitle: String {
    switch run.evidence {
    case "probe": "tr F"
    case "optimizer": "moment"
    default: "update"
    }
  }

  private var table: [String] {
    let largest = run.trajectory.compactMap(information).max() ?? 0
    let fixed = 7 + 8 + 9 + 8 + 10 + 11 + 15
    let barWidth = max(8, min(30, columns - fixed))
    let title =
      "step".padded(7) + "loss".padded(8) + "accuracy".padded(10)
      + informationTitle.padded(9) + "bits".padded(9) + "plasticity".padded(12) + "  "
      + "state".filled(15)
    let left = run.trajectory.count - shown.count
    let beginnings = Lives(run.trajectory).beginnings
    return [title]
      + shown.flatMap { index in
        let row = run.trajectory[index]
        let value = information(row)
        let filled =
          largest > 0 ? Int((Double(barWidth) * (value ?? 0) / largest).rounded()) : 0
        let line =
          (row.step.map(String.init) ?? "?").padded(7) + rounded(row.loss).padded(8)
          + rounded(row.accuracy).padded(10) + rounded(value).padded(9)
          + rounded(row.informationBits).padded(9) + rounded(row.plasticity).padded(12) + "  "
          + row.state.filled(15) + String(repeating: "█", count: max(0, min(filled, barWidth)))
        return (beginnings[index].map { ["─── " + $0] } ?? []) + [line]
      }
      + (left == 0
        ? [] : ["", "\(left) more checkpoints between these; --all shows every one"])
  }

  private var state: [String] {
    let period = run.criticalPeriod
    var lines = ["critical period: \(period.state)"]
    if let reason = period.reason { lines.append("  why: " + escapedForTerminal(reason)) }
    if let peak = period.peak {
      lines.append("  information peaked at step \(peak.step)\(between(peak.interval))")
    }
    if period.end == nil, !["waiting", "ambiguous"].contains(period.state),
      let probability = period.endProbability
    {
      lines.append("  has ended with probability \(rounded(probability))")
    }
    if let end = period.end {
      lines.append(
        "  \(period.endInWords) at step \(end.step)\(between(end.interval)), said at step "
          + "\(end.decidedAtStep) with probability \(rounded(end.probability))")
    }
    return lines + period.evidence.flatMap { wrapped(escapedForTerminal($0), after: "  · ") }
  }

  /// What is to be known of the series as a whole.
  private var remarks: [String] {
    run.findings.flatMap { wrapped(escapedForTerminal($0.text), after: "  ! ") }
  }

  /// A text over as many lines as it takes, all as far in as the first.
  private func wrapped(_ text: String, after mark: String) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let line = lines.last, mark.count + line.count + 1 + word.count <= columns {
        lines[lines.count - 1] = line + " " + word
      } else {
        lines.append(String(word))
      }
    }
    let indent = String(repeating: " ", count: mark.count)
    return lines.enumerated().map { ($0.offset == 0 ? mark : indent) + $0.element }
  }

  private func between(_ interval: [Int]) -> String {
    interval.count == 2 && interval[0] < interval[1]
      ? " (between \(interval[0]) and \(interval[1]))" : ""
  }

  private var layerLines: [String] {
    guard !run.layers.isEmpty else { return [] }
    let width = min(40, run.layers.map(\.name.count).max() ?? 0)
    return ["", "layers, with their share of \(sharedInWords):"]
      + run.layers.map { layer in
        let share = layer.share.map { rounded($0 * 100) + " %" } ?? "–"
        return "  " + escapedForTerminal(layer.name).filled(width) + share.padded(11) + "  "
          + escapedForTerminal(layer.told)
      }
  }

  /// Which layers are fixed, in order, and which still move.
  private var flow: [String] {
    guard let flow = run.flow, !flow.fixed.isEmpty else { return [] }
    let fixed = flow.fixed.map { "\(escapedForTerminal($0.layer)) (step \($0.step))" }
    let moving = flow.moving.map { escapedForTerminal($0) }
    return wrapped(fixed.joined(separator: ", "), after: "fixed, in order: ")
      + wrapped(moving.joined(separator: ", "), after: "not known to be fixed: ")
  }

  private var rejections: [String] {
    guard !run.rejected.isEmpty || run.missed > 0 else { return [] }
    var lines = [""]
    lines += run.rejected.map { "rejected " + escapedForTerminal($0.reason) }
    if run.missed > 0 { lines.append("missed: " + missedInWords(run.missed)) }
    return lines
  }
}

/// Three significant digits, as a person reads them; `–` for what is not there.
func rounded(_ value: Double?) -> String {
  guard let value, value.isFinite else { return "–" }
  let size = value.magnitude
  if size == 0 { return "0" }
  if size >= 10_000_000 || size < 0.000_1 { return scientific(value) }
  if size >= 100 { return String(Int(value.rounded())) }
  let digits = size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : size >= 0.01 ? 4 : 5
  return decimal(value, digits: digits)
}

private func decimal(_ value: Double, digits: Int) -> String {
  var scale = 1
  for _ in 0..<digits { scale *= 10 }
  let scaled = Int((value.magnitude * Double(scale)).rounded())
  let fraction = String(scaled % scale)
  return (value < 0 ? "-" : "") + "\(scaled / scale)."
    + String(repeating: "0", count: digits - fraction.count) + fraction
}

private func scientific(_ value: Double) -> String {
  var mantissa = value.magnitude
  var exponent = 0
  while mantissa >= 10 {
    mantissa /= 10
    exponent += 1
  }
  while mantissa < 1 {
    mantissa *= 10
    exponent -= 1
  }
  return (value < 0 ? "-" : "") + decimal(mantissa, digits: 1) + "e\(exponent)"
}

extension String {
  /// Right-aligned in `width` columns.
  fileprivate func padded(_ width: Int) -> String {
    String(repeating: " ", count: Swift.max(0, width - count)) + self
  }

  /// Left-aligned in `width` columns.
  fileprivate func filled(_ width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, width - count))
  }
}

/// A number of checkpoints in words.
func checkpointCount(_ count: Int) -> String {
  count == 1 ? "1 checkpoint" : "\(count) checkpoints"
}

/// How many checkpoints were never read, in words.
func missedInWords(_ count: Int) -> String {
  "\(checkpointCount(count)) vanished before \(count == 1 ? "it" : "they") could be read"
}
