// The spectrum of a layer's weights (measurements.md §4): what a checkpoint tells without a probe.
internal import Glibc
public import Tensors

/// Measures of a weight matrix's singular values.
public struct Spectrum: Sendable {
  /// √Σ w², of any tensor.
  public let frobeniusNorm: Measured<Double>
  /// σ_max.
  public let spectralNorm: Measured<Double>
  /// ‖W‖_F²/‖W‖₂².
  public let stableRank: Measured<Double>
  /// e^H of the singular values as shares of their sum (Roy and Vetterli 2007).
  public let effectiveRank: Measured<Double>
  /// Singular values, from the largest, that make 99 % of their sum (Kumar et al. 2021).
  public let srank99: Measured<Int>
  /// Exponent of the power-law tail of the eigenvalues of WᵀW.
  public let alpha: Measured<Double>
  /// The fit behind `alpha`.
  public let tail: Measured<PowerLawTail>

  /// Measures a tensor; convolution kernels `[out, in, k…]` are flattened to out × in·k.
  ///
  /// - Parameter maximumOrder: smaller sides above it are not decomposed: the time grows with the
  ///   cube of the smaller side.
  public init(of tensor: Tensor, maximumOrder: Int = SpectrumMeter.maximumOrder) {
    var meter = SpectrumMeter(shape: tensor.shape, maximumOrder: maximumOrder)
    tensor.values.withUnsafeBufferPointer { meter.add($0) }
    self = meter.spectrum()
  }

  /// - Parameters:
  ///   - squares: Σ w².
  ///   - values: the singular values, descending.
  init(squares: Double, singularValues values: Measured<[Double]>) {
    frobeniusNorm = Measured(
      finite: squares.squareRoot(), else: "a weight, or its square, is not finite")
    guard case .known(let sigma) = values, let top = sigma.first else {
      let reason = values.reason ?? "it has no elements"
      spectralNorm = .absent(reason)
      stableRank = .absent(reason)
      effectiveRank = .absent(reason)
      srank99 = .absent(reason)
      alpha = .absent(reason)
      tail = .absent(reason)
      return
    }
    spectralNorm = .known(top)
    stableRank = .known(squares / (top * top))
    effectiveRank = .known(Self.effectiveRank(sigma))
    srank99 = .known(Self.srank99(sigma))
    // Eigenvalues that are rounding noise of the Gram matrix would make a tail of their own.
    let floor = top * top * Double(max(sigma.count, 1)) * 0x1p-50
    tail = PowerLawTail.fit(sigma.map { $0 * $0 }.filter { $0 > floor })
    alpha = tail.map(\.alpha)
  }

  /// e^H of values as shares of their sum; the values are not negative and not all zero.
  static func effectiveRank(_ values: [Double]) -> Double {
    let sum = values.reduce(0, +)
    return exp(values.reduce(0) { $1 > 0 ? $0 - $1 / sum * log($1 / sum) : $0 })
  }

  /// How many of descending values make 99 % of their sum.
  static func srank99(_ values: [Double]) -> Int {
    let sum = values.reduce(0, +)
    var running = 0.0
    var rank = 0
    for value in values where running < 0.99 * sum {
      running += value
      rank += 1
    }
    return rank
  }
}
