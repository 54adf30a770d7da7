// Squared norms of a convolution's weight gradients: what the plan needs to know, and the ways that are
// a convolution's own.
internal import CKernels
internal import LinearAlgebra

extension Convolution: FactoredOperator {
  /// Most input places between which products are kept.
  private static let mostPixels = 1024

  /// Whether the products of windows are sums of products of single places, each needed by several.
  var hasPixelProducts: Bool {
    groups == 1 && images == 1 && taps > 1 && placesIn <= Self.mostPixels
      && geometry.list(\.stride).allSatisfy { $0 == 1 }
  }

  func factors(_ input: Int) -> GradientFactors? {
    // The weight lies as [o, i · taps]; places are those of the output.
    guard input == 1, groups == 1, images == 1 else { return nil }
    return GradientFactors(
      places: t, first: o, second: i * taps, cotangentSide: .first, usesScratch: !isPointwise,
      windows: hasPixelProducts
        ? GradientFactors.Windows(pixels: placesIn, channels: i, taps: taps) : nil,
      tiles: gradient?.tiles)
  }

  func activationFactor(_ input: Int, example: Int, _ arrays: Arrays) -> GradientFactors.Factor {
    .matrix(columns(arrays.inputs[0] + example * i * placesIn), isPlaceMajor: false)
  }

  func cotangentFactor(_ input: Int, _ delta: UnsafePointer<Float>) -> GradientFactors.Factor {
    .matrix(delta, isPlaceMajor: false)
  }

  func activationProducts(
    _ input: Int, example: Int, _ arrays: Arrays, into products: UnsafeMutablePointer<Float>
  ) {
    guard hasPixelProducts else {
      activationFactor(input, example: example, arrays).innerWithSelf(
        places: t, features: i * taps, into: products)
      return
    }
    multiplyBySelf(
      transpose: true, n: placesIn, k: i, arrays.inputs[0] + example * i * placesIn,
      aStride: placesIn, into: scratch.pointer, cStride: placesIn)
    withUnsafeTemporaryAllocation(of: Int.self, capacity: t) { starts in
      ck_window_products(&geometry, scratch.pointer, starts.baseAddress, products)
    }
  }

  func tiledSquares(
    _ input: Int, example: Int, _ arrays: Arrays, rows: Range<Int>,
    delta: (Int) -> UnsafePointer<Float>, _ visit: (_ row: Int, _ square: Double) -> Void
  ) {
    gradient?.squares(
      arrays.inputs[0] + example * i * placesIn, rows: rows, delta: delta, visit)
  }
}
