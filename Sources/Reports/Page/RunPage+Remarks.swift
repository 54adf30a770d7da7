// What a person has to know beside the curves: remarks on the run, and checkpoints without a report.

extension RunPage {
  /// A run can reject thousands of checkpoints; run.yaml names them all.
  private static let mostListed = 100

  var remarks: String {
    guard !run.findings.isEmpty else { return "" }
    return "<h2>Remarks</h2>"
      + list(run.findings) { finding in
        escaped(finding.text) + aside("\(finding.code), \(finding.where)")
      }
  }

  var unreported: String {
    guard !run.rejected.isEmpty || run.missed > 0 else { return "" }
    var text = "<h2>Checkpoints without a report</h2>"
    if !run.rejected.isEmpty {
      text += list(run.rejected) { rejected in
        escaped("\(rejected.path): \(reason(rejected))") + aside(rejected.code)
      }
    }
    if run.missed > 0 { text += "<p>\(escaped(missedInWords(run.missed))).</p>" }
    return text
  }

  private func list<Item>(_ items: [Item], told: (Item) -> String) -> String {
    let more = items.count - Self.mostListed
    return "<ul class=\"told\">"
      + items.prefix(Self.mostListed).map { "<li>\(told($0))</li>" }.joined() + "</ul>"
      + (more > 0 ? "<p>and \(more) more, in <a href=\"run.yaml\">run.yaml</a>.</p>" : "")
  }

  private func aside(_ text: String) -> String {
    " <span class=\"dim\">(\(escaped(text)))</span>"
  }

  /// The reason without the code and the path that most begin with: both stand beside it.
  private func reason(_ rejected: RejectedCheckpoint) -> String {
    var reason = rejected.reason[...]
    for known in ["\(rejected.code): ", "\(rejected.path): "] where reason.hasPrefix(known) {
      reason = reason.dropFirst(known.count)
    }
    return String(reason)
  }
}
