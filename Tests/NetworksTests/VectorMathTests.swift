import CKernels
import Glibc
import Testing

/// The vectorised exp, tanh and erf against libm in double.
@Suite struct VectorMathTests {
  /// Where their pieces meet, their ends, and a sweep in between.
  static let arguments: [Float] =
    [0, -0.0, 0.625, -0.625, 0.927734375, 1e-30, -1e-30, 88.7, -87.4, -103, -104, 90, -1e30, 1e30]
    + (-4000...4000).map { Float($0) / 100 * (1 + Float($0 & 7) / 64) }

  @Test(arguments: [CK_EXP.rawValue, CK_TANH.rawValue, CK_ERF.rawValue])
  func withinThreeUnitsInTheLastPlace(code: UInt32) {
    let exact: (Double) -> Double =
      code == CK_EXP.rawValue ? { exp($0) } : code == CK_TANH.rawValue ? { tanh($0) } : { erf($0) }
    for (x, y) in zip(Self.arguments, values(code, of: Self.arguments)) {
      let truth = Float(exact(Double(x)))
      #expect(y == truth || abs(y - truth) <= 3 * truth.ulp, "\(x): \(y), not \(truth)")
      #expect(y.sign == truth.sign, "\(x)")
    }
  }

  @Test(arguments: [CK_EXP.rawValue, CK_TANH.rawValue, CK_ERF.rawValue])
  func whatIsNotFinite(code: UInt32) {
    let values = values(code, of: [.infinity, -.infinity, .nan])
    #expect(values[0] == (code == CK_EXP.rawValue ? .infinity : 1))
    #expect(values[1] == (code == CK_EXP.rawValue ? 0 : -1))
    #expect(values[2].isNaN)
  }

  @Test func softmaxRowsOfEveryLength() {
    for length in [1, 2, 7, 8, 9, 31] {
      let x = (0..<length).map { Float(($0 * 29) % 17) - 8 }
      var y = [Float](repeating: 0, count: length)
      ck_softmax_forward(x, &y, 1, length, 1, 0)
      let total = x.reduce(0) { $0 + exp(Double($1)) }
      for (x, y) in zip(x, y) { #expect(abs(Double(y) / (exp(Double(x)) / total) - 1) < 1e-6) }
      let row = ck_softmax_row(x, length, &y)
      for (x, y) in zip(x, y) { #expect(abs(Double(y) / (exp(Double(x)) / total) - 1) < 1e-7) }
      #expect(x[row.top] == x.max())
      #expect(abs(row.complement - (1 - exp(Double(x[row.top])) / total)) < 1e-12)
    }
  }

  private func values(_ code: UInt32, of x: [Float]) -> [Float] {
    var y = [Float](repeating: 0, count: x.count)
    ck_unary_forward(Int32(code), 0, 0, x, &y, x.count)
    return y
  }
}
