// The layers' shares over time in the terminal: one line a layer, one character a piece of log-step time.

import Diagnostics
import Glibc

/// Draws each layer's share of the information from the first step to the last, of the run's last life.
struct ShareStrip {
  private let run: RunReport
  private let columns: Int

  /// - Parameter columns: the terminal's width.
  init(_ run: RunReport, columns: Int) {
    self.run = run
    self.columns = columns
  }

  private static let shades: [Character] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// The lines to print; none when fewer than two checkpoints have shares.
  var lines: [String] {
    let count = run.layers.count
    let lives = Lives(run.trajectory)
    let rows = (lives.each.last ?? []).compactMap { row -> (place: Double, shares: [Double])? in
      guard let step = row.step, step > 0, let shares = row.shares, shares.count == count,
        shares.allSatisfy(\.isFinite)
      else { return nil }
      return (log2(Double(step)), shares)
    }.sorted { $0.place < $1.place }
    guard rows.count > 1, let first = rows.first?.place, let last = rows.last?.place, last > first
    else { return [] }
    let names = min(24, run.layers.map(\.name.count).max() ?? 0)
    let width = max(10, min(64, columns - names - 4))
    let end = run.criticalPeriod.end.map { log2(Double(max($0.step, 1))) }
    let mark = end.map { Int((($0 - first) / (last - first) * Double(width - 1)).rounded()) }
    let since = lives.lastBeginning.map { " since it was \($0)" } ?? ""
    var lines = ["", "shares over log(step)\(since), each line of its layer's own range:"]
    for (layer, state) in run.layers.enumerated() where state.share != nil {
      let values = (0..<width).map { column in
        let place = first + (last - first) * Double(column) / Double(width - 1)
        let row = rows.last { $0.place <= place + 1e-9 } ?? rows[0]
        return row.shares[layer]
      }
      let largest = values.max() ?? 0
      let bars = values.map { value -> Character in
        guard largest > 0 else { return Self.shades[0] }
        return Self.shades[max(0, min(8, Int((8 * value / largest).rounded())))]
      }
      let name = escapedForTerminal(String(state.name.suffix(names)))
      lines.append(
        "  " + name + String(repeating: " ", count: max(0, names - name.count)) + " " + String(bars)
      )
    }
    if let mark, (0..<width).contains(mark) {
      lines.append(String(repeating: " ", count: names + 3 + mark) + "^ end")
    }
    return lines
  }
}
