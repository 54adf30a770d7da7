// What each way to a squared norm costs, for one example and one cotangent.

/// Costs in multiply-adds of a large matrix product. The constants are measured: `etc/bench --only norms`
/// times every way on layers of many shapes, fits them, and prints what the choice is worth.
enum NormCosts {
  /// An entry of a gradient that is written, read again and squared, beyond the product that makes it.
  private static let entry = 12.0
  /// An entry of the columns that windows are unfolded into.
  private static let column = 4.0
  /// A pair of places: a product written, or read and multiplied.
  private static let pair = 12.0
  /// A window entry's share in a pair of windows: an addition.
  private static let sum = 4.0
  /// A point of a transformed tile, made and read.
  private static let point = 12.0
  /// How many more terms a sum of products would have for what its beginning and end cost.
  private static let end = 24.0

  /// One gradient formed, then squared.
  static func ofEntries(_ factors: GradientFactors) -> Double {
    let (places, first, second) = (
      Double(factors.places), Double(factors.first), Double(factors.second)
    )
    if factors.picksRows { return places * second + entry * first * second }
    return (places + end + entry) * first * second + unfolded(factors)
  }

  /// Products between places.
  ///
  /// - Parameter among: places of all uses: each meets every other one.
  static func ofProducts(_ factors: GradientFactors, among: Int) -> Double {
    let places = Double(factors.places)
    let pairs = places * Double(among) / 2
    let share = 1 + end / places
    guard let windows = factors.windows, among == factors.places else {
      let features = Double(factors.picksRows ? factors.second : factors.first + factors.second)
      return pairs * (features * share + 2 * pair) + unfolded(factors)
    }
    let pixels = Double(windows.pixels)
    let single = pixels * pixels / 2 * (Double(windows.channels) * (1 + end / pixels) + pair)
    return single
      + pairs * (Double(factors.first) * share + 2 * pair + sum * Double(windows.taps))
  }

  /// Products of transformed tiles; infinite where there are none.
  static func ofTiles(_ factors: GradientFactors) -> Double {
    guard let tiles = factors.tiles.map(Double.init) else { return .infinity }
    let (filters, channels) = (Double(factors.first), Double(factors.second / 9))
    return 16 * ((tiles + end + entry) * filters * channels + point * tiles * (filters + channels))
  }

  private static func unfolded(_ factors: GradientFactors) -> Double {
    factors.usesScratch ? column * Double(factors.places) * Double(factors.second) : 0
  }
}
