// What each way to a squared norm costs, for one example and one cotangent.

/// Costs in multiply-adds of a large matrix product.
///
/// The constants are measured: `etc/bench --only norms` times every way on twenty layers of many shapes,
/// fits them, and prints what the choice is worth. These are of one core of an AMD EPYC (Zen 4) with
/// OpenBLAS 0.3.21, where a multiply-add takes 1.9e-11 s. They predict the measured times within a third,
/// and the way that they choose was the fastest one on each of the twenty.
enum NormCosts {
  /// An entry of a gradient: written, read again and squared, beyond the product that makes it.
  private static let entry = 11.0
  /// An entry of the columns that windows are unfolded into.
  private static let column = 25.0
  /// An entry of a factor that is multiplied with itself.
  private static let factor = 26.0
  /// A pair of places: a product written, or read and multiplied.
  private static let pair = 21.0
  /// A window entry's share in a pair of windows.
  private static let sum = 10.5
  /// A point of a transformed tile, made and read.
  private static let point = 26.0

  /// One gradient formed, then squared.
  static func ofEntries(_ factors: GradientFactors) -> Double {
    let (places, first, second) = (
      Double(factors.places), Double(factors.first), Double(factors.second)
    )
    if factors.picksRows { return places * second + entry * first * second }
    return (places + entry) * first * second + unfolded(factors)
  }

  /// Products between places.
  ///
  /// - Parameter among: places of all uses: each meets every other one.
  static func ofProducts(_ factors: GradientFactors, among: Int) -> Double {
    let places = Double(factors.places)
    let pairs = places * Double(among) / 2
    guard let windows = factors.windows, among == factors.places else {
      let features = Double(factors.picksRows ? factors.second : factors.first + factors.second)
      return pairs * (features + 2 * pair) + factor * places * features + unfolded(factors)
    }
    let (pixels, channels) = (Double(windows.pixels), Double(windows.channels))
    let first = Double(factors.first)
    return pixels * pixels / 2 * (channels + pair) + factor * (pixels * channels + places * first)
      + pairs * (first + 2 * pair + sum * Double(windows.taps))
  }

  /// Products of transformed tiles; infinite where there are none.
  static func ofTiles(_ factors: GradientFactors) -> Double {
    guard let tiles = factors.tiles.map(Double.init) else { return .infinity }
    let (filters, channels) = (Double(factors.first), Double(factors.second / 9))
    return 16 * ((tiles + entry) * filters * channels + point * tiles * (filters + channels))
  }

  private static func unfolded(_ factors: GradientFactors) -> Double {
    factors.usesScratch ? column * Double(factors.places) * Double(factors.second) : 0
  }
}
