// How information is spread over the layers, over time.

extension RunPage {
  /// The layers' shares as bands that add up to one, of each life by itself.
  var shareChart: String {
    let bands = shareColumns.enumerated().map { life, columns in
      self.bands(through: columns, opacity(ofLife: life))
    }.joined()
    guard !bands.isEmpty else { return "" }
    let parts = lives.count > 1 ? "; each life of the run up to where a later one begins" : ""
    return """
      <h2>Shares of the layers</h2>\
      <p class="dim">first layer at the bottom; over log(step)\(parts)</p>
      <svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height) + 20)" role="img" \
      aria-label="Shares of the layers">\(bands)\(axis)</svg>
      """
  }

  private typealias ShareColumn = (place: Double, shares: [Double])

  /// Each life's shares up to where a later one begins: beyond, the bands of both would lie on each other.
  private var shareColumns: [[ShareColumn]] {
    guard let scale else { return [] }
    return lives.indices.map { index in
      let end = lives[(index + 1)...].compactMap { $0.first?.step }.min() ?? .max
      return lives[index].compactMap { row in
        guard let step = row.step, step < end, let shares = row.shares else { return nil }
        return (scale.place(step), shares)
      }
    }
  }

  /// One band a layer; none where the layers are not the run's.
  private func bands(through columns: [ShareColumn], _ opacity: String) -> String {
    let count = run.layers.count
    guard columns.count > 1, count > 1, columns.allSatisfy({ $0.shares.count == count }) else {
      return ""
    }
    func edge(_ heights: [Double]) -> [String] {
      zip(columns, heights).map { column, below in
        "\(coordinate(column.place)),\(coordinate((1 - below) * (Self.height - 5)))"
      }
    }
    var bands = ""
    var heights = columns.map { _ in 0.0 }
    for layer in 0..<count {
      let lower = edge(heights)
      for (index, column) in columns.enumerated() { heights[index] += column.shares[layer] }
      let outline = lower + edge(heights).reversed()
      let hue = 360 * layer / count
      bands +=
        "<polygon fill=\"hsl(\(hue) 55% 55%)\"\(opacity) points=\""
        + outline.joined(separator: " ") + "\">"
        + "<title>\(escaped(run.layers[layer].name))</title></polygon>"
    }
    return bands
  }
}
