import Foundation
import Information
import Tensors
import Testing

@Suite struct UpdateTests {
  private func tensor(_ count: Int, seed: Double, scale: Double = 1) -> Tensor {
    Tensor(
      shape: Shape([count]),
      values: (0..<count).map { Float(scale * sin(Double($0) * seed + seed)) })
  }

  @Test func exactUpdate() throws {
    let update = try #require(
      WeightUpdate.between(
        Tensor(shape: Shape([2]), values: [3, 0]), Tensor(shape: Shape([2]), values: [3, 4])
      ).value)
    #expect(close(update.relativeNorm, 4.0 / 3, 1e-12))
    #expect(close(try #require(update.cosine), 0.6, 1e-12))
    #expect(update.relativeError == nil)
    let still = try #require(
      WeightUpdate.between(tensor(99, seed: 1.3), tensor(99, seed: 1.3)).value)
    #expect(still.relativeNorm == 0)
    #expect(still.cosine == 1)
    let zero = Tensor(shape: Shape([2]), values: [0, 0])
    let later = Tensor(shape: Shape([2]), values: [3, 4])
    #expect(WeightUpdate.squaredDistance(zero, later) == 25)
    #expect(WeightUpdate.squaredDistance(zero, tensor(3, seed: 1)) == nil)
    let projected = RandomProjection(of: zero.values, seed: 1)
    #expect(projected.squaredDistance(to: RandomProjection(of: later.values, seed: 1)) == 25)
    #expect(projected.squaredDistance(to: RandomProjection(of: later.values, seed: 2)) == nil)
  }

  @Test func impossibleUpdatesSayWhy() {
    let zero = Tensor(shape: Shape([2]), values: [0, 0])
    let one = Tensor(shape: Shape([2]), values: [1, 0])
    #expect(WeightUpdate.between(zero, one).reason == "the earlier weights are all zero")
    #expect(WeightUpdate.between(one, zero).value?.cosine == .some(nil))
    #expect(
      WeightUpdate.between(one, Tensor(shape: Shape([1]), values: [1])).reason
        == "the shape changed from [2] to [1]")
    #expect(
      WeightUpdate.between(one, Tensor(shape: Shape([2]), values: [.nan, 0])).reason
        == "a weight, or its square, is not finite")
  }

  /// Over 40 seeds the projected distance is unbiased, and as far off as it says.
  @Test func projectionsKeepDistances() throws {
    let earlier = tensor(5000, seed: 1.1)
    let later = Tensor(
      shape: earlier.shape,
      values: zip(earlier.values, tensor(5000, seed: 2.7, scale: 0.1).values).map { $0 + $1 })
    let exact = try #require(WeightUpdate.between(earlier, later).value)
    var errors: [Double] = []
    var stated = 0.0
    for seed in 0..<40 {
      let a = RandomProjection(of: earlier.values, seed: UInt64(seed), width: 256)
      let b = RandomProjection(of: later.values, seed: UInt64(seed), width: 256)
      let update = try #require(a.update(to: b).value)
      errors.append(update.relativeNorm / exact.relativeNorm - 1)
      stated = try #require(update.relativeError)
      let gap = 1 - (try #require(exact.cosine))
      #expect(abs((try #require(update.cosine)) - (try #require(exact.cosine))) < 10 * stated * gap)
    }
    let mean = errors.reduce(0, +) / 40
    let deviation = (errors.reduce(0) { $0 + $1 * $1 } / 40).squareRoot()
    #expect(abs(mean) < 3 * stated / 40.0.squareRoot())
    #expect(deviation > stated / 2 && deviation < stated * 1.6, "\(deviation), stated \(stated)")
  }

  @Test func smallTensorsAreKeptWhole() throws {
    let earlier = tensor(64, seed: 0.3)
    let later = tensor(64, seed: 0.31)
    let projected = try #require(
      RandomProjection(of: earlier.values, seed: 1, width: 64)
        .update(to: RandomProjection(of: later.values, seed: 1, width: 64)).value)
    #expect(projected == WeightUpdate.between(earlier, later).value)
    #expect(
      RandomProjection(of: earlier.values, seed: 1)
        .update(to: RandomProjection(of: later.values, seed: 2)).reason
        == "the projections are not of the same tensor")
  }
}
