/// A line on standard error that says how far long work is and how long it will take. Not on a
/// terminal it says so in plain lines, at most one for each tenth.
struct ProgressBar {
  private let stream = StandardStream.error
  private var lastTenth = -1
  private var isDrawn = false

  /// Prints a line of its own above the bar.
  mutating func say(_ line: String) {
    stream.write((isDrawn ? "\r\u{1B}[K" : "") + line + "\n")
    isDrawn = false
  }

  /// - Parameters:
  ///   - measured: how many of the finished took time.
  mutating func draw(finished: Int, total: Int, seconds: Double, measured: Int) {
    let left = total - finished
    let estimate =
      measured > 0 && left > 0
      ? ", about \(Self.duration(seconds / Double(measured) * Double(left))) left" : ""
    let text = "\(finished) of \(total) checkpoints\(estimate)"
    if stream.isTerminal {
      let width = 24
      let filled = total > 0 ? width * finished / total : 0
      let bar =
        String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
      stream.write("\r\u{1B}[K\(bar) \(text)")
      isDrawn = true
    } else if total > 0, finished * 10 / total != lastTenth {
      lastTenth = finished * 10 / total
      stream.write(text + "\n")
    }
  }

  /// Leaves the bar as it is and goes to the next line.
  mutating func end() {
    if isDrawn { stream.write("\n") }
    isDrawn = false
  }

  private static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole / 60 % 60) min"
  }
}
