import Glibc

/// A number for a sentence: three significant digits, in positional notation where that is short.
func brief(_ value: Double) -> String {
  guard value.isFinite else { return "unknown" }
  guard value != 0 else { return "0" }
  let magnitude = Int(floor(log10(abs(value))))
  guard (-4...14).contains(magnitude) else {
    let mantissa = (value / pow(10, Double(magnitude)) * 100).rounded() / 100
    return "\(mantissa)e\(magnitude)"
  }
  let scale = pow(10, Double(2 - magnitude))
  let rounded = (value * scale).rounded() / scale
  if magnitude >= 2 { return String(Int(rounded)) }
  // Cut what binary division leaves behind the third digit.
  let text = "\(rounded)"
  return text.contains("e") ? fixed(rounded, digits: 2 - magnitude) : text
}

/// `value` with that many digits after the point, for values too small for Swift's positional form.
private func fixed(_ value: Double, digits: Int) -> String {
  let whole = Int((abs(value) * pow(10, Double(digits))).rounded())
  let text = String(whole)
  let padded = String(repeating: "0", count: max(digits - text.count, 0)) + text
  return (value < 0 ? "-0." : "0.") + padded
}
