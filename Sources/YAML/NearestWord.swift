// "Did you mean …?": the candidate within a third of the word's length in edits.
// Distance: optimal string alignment (insert, delete, replace, swap neighbours).

/// The candidate that is most like the word, if any is like it.
func nearest(to word: String, among candidates: [String]) -> String? {
  let wanted = folded(word)
  guard wanted.count <= 64 else { return nil }
  var best: (distance: Int, candidate: String)?
  for candidate in candidates {
    let letters = folded(candidate)
    let allowed = max(1, max(wanted.count, letters.count) / 3)
    guard abs(wanted.count - letters.count) <= allowed else { continue }
    let distance = editDistance(wanted, letters)
    guard distance <= allowed, distance < min(wanted.count, letters.count) else { continue }
    if distance < best?.distance ?? Int.max { best = (distance, candidate) }
  }
  return best?.candidate
}

private func folded(_ word: String) -> [UInt8] {
  word.utf8.map { byte in
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): return byte + 32
    case UInt8(ascii: "-"), UInt8(ascii: " "): return UInt8(ascii: "_")
    default: return byte
    }
  }
}

private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  // rows[i][j] is the distance of the first i letters of a from the first j of b.
  var rows = [Array(0...b.count)]
  for i in 0..<a.count {
    var row = [i + 1]
    for j in 0..<b.count {
      var cost = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        cost = min(cost, rows[i - 1][j - 1] + 1)
      }
      row.append(cost)
    }
    rows.append(row)
  }
  return rows[a.count][b.count]
}
