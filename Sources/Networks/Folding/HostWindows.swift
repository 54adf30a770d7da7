// Folding of the windows of signal processing: sums of cosines of one period (onnx Operators.md,
// HannWindow, HammingWindow, BlackmanWindow).
internal import Diagnostics
internal import Glibc
internal import Tensors

enum HostWindows {
  static let hann = window([0.5, -0.5])
  static let hamming = window([25.0 / 46, -21.0 / 46])
  static let blackman = window([0.42, -0.5, 0.08])

  /// Σ_k c_k cos(2π k n / N), of a period N or of N + 1 entries of which the last is the first.
  private static func window(_ coefficients: [Double]) -> HostOperation {
    { call throws(Problem) in
      guard let count = try call.integers(0).first, count >= 0 else {
        throw call.site.invalid("its size")
      }
      let shape = try call.site.shape([count])
      let isPeriodic = try call.site.integer("periodic", default: 1) == 1
      let period = Double(max(1, isPeriodic ? count : count - 1))
      let values = (0..<shape.count).map { n in
        coefficients.enumerated().reduce(0) { sum, term in
          sum + term.element * cos(2 * Double.pi * Double(term.offset) * Double(n) / period)
        }
      }
      return [HostArray(shape: shape, reals: values)]
    }
  }
}
