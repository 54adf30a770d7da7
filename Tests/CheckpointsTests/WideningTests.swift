// The widening kernels against Swift's own conversions, value by value.
import CKernels
import Tensors
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct WideningTests {
  @Test func everyHalf() {
    let halves = (0...UInt16.max).map { $0 }
    var dispatched = [Float](repeating: 0, count: halves.count)
    var portable = dispatched
    ck_widen_f16(halves, &dispatched, halves.count)
    ck_widen_f16_portable(halves, &portable, halves.count)
    for half in halves {
      let truth = Float(Float16(bitPattern: half))
      let index = Int(half)
      if truth.isNaN {
        #expect(dispatched[index].isNaN && portable[index].isNaN)
      } else {
        #expect(dispatched[index].bitPattern == truth.bitPattern, "\(half)")
        #expect(portable[index].bitPattern == truth.bitPattern, "\(half)")
      }
    }
  }

  @Test func everyBrainFloat() {
    let values = (0...UInt16.max).map { $0 }
    var widened = [Float](repeating: 0, count: values.count)
    ck_widen_bf16(values, &widened, values.count)
    #expect(zip(values, widened).allSatisfy { UInt32($0) << 16 == $1.bitPattern })
  }

  /// Sums that ml_dtypes 0.5 gives for the kinds that torch does not have; torch's own are in the
  /// fixtures.
  @Test(arguments: [
    (ElementType.float8E4M3, 14, 5887.75), (.float8E3M4, 30, 744),
    (.float8E4M3B11FNUZ, 1, 735.984375),
  ])
  func eightBitFloatsOfOtherWriters(type: ElementType, nan: Int, sum: Double) {
    let values = Float8.values(of: type)
    #expect(values.count { $0.isNaN } == nan)
    #expect(values.filter(\.isFinite).reduce(0) { $0 + Double(abs($1)) } == sum)
  }

  @Test func integersRoundAsSwiftDoes() {
    let seed: UInt64 = 5
    var random = Seeded(seed: seed)
    let wide = (0..<1_000).map { _ in Int64.random(in: .min ... .max, using: &random) }
    var floats = [Float](repeating: 0, count: wide.count)
    ck_widen_i64(wide, &floats, wide.count)
    #expect(floats == wide.map { Float($0) }, "seed \(seed)")
    let unsigned = wide.map { UInt64(bitPattern: $0) }
    ck_widen_u64(unsigned, &floats, wide.count)
    #expect(floats == unsigned.map { Float($0) })
    let narrow = wide.map { Int32(truncatingIfNeeded: $0) }
    ck_widen_i32(narrow, &floats, wide.count)
    #expect(floats == narrow.map { Float($0) })
    let doubles = wide.map { Double($0) * 1e-30 }
    ck_widen_f64(doubles, &floats, wide.count)
    #expect(floats == doubles.map { Float($0) })
  }

  @Test func gathersAndSwaps() {
    let source = (0..<64).map { UInt16($0) }
    for (stride, count) in [(1, 64), (2, 32), (7, 9), (0, 5)] {
      var gathered = [UInt16](repeating: 9, count: count)
      ck_gather(source, stride, &gathered, count, 2)
      #expect(gathered == (0..<count).map { source[$0 * stride] })
    }
    var words: [UInt32] = [0x0102_0304]
    ck_swap32(&words, 1)
    #expect(words == [0x0403_0201])
  }

  @Test func sumsLeaveOutWhatIsNotFinite() {
    for count in [0, 1, 7, 8, 9, 100] {
      var values = (0..<count).map { Float($0) - 3 }
      values += [.nan, .infinity, -.infinity, .nan]
      var sums = ck_sums()
      ck_sum_f32(values, values.count, &sums)
      let finite = values.filter(\.isFinite).map(Double.init)
      #expect(sums.nan_count == 2)
      #expect(sums.infinite_count == 2)
      // Small integers: exact in any order.
      #expect(sums.sum == finite.reduce(0, +))
      #expect(sums.sum_absolute == finite.reduce(0) { $0 + abs($1) })
      #expect(sums.sum_squares == finite.reduce(0) { $0 + $1 * $1 })
    }
  }
}
