// Where a curve last falls below a part of its maximum: the definition of a period's end on a
// sensitivity curve (measurements.md §7), whatever the curve's values rest on.

/// What is found on a curve.
enum LastFall: Sendable, Equatable {
  /// It falls below for good here, linearly interpolated between two places.
  case at(Double)
  /// The last value is still at or above the part.
  case stillAbove
  /// No value is positive: there is nothing to fall from.
  case nothing

  /// - Parameters:
  ///   - places: ascending, each once.
  ///   - values: one per place.
  ///   - fraction: the part of the largest value, between 0 and 1.
  static func of(places: [Double], values: [Double], fraction: Double) -> LastFall {
    guard let largest = values.max(), largest > 0 else { return .nothing }
    let level = fraction * largest
    guard let last = values.lastIndex(where: { $0 >= level }) else { return .nothing }
    guard last + 1 < values.count else { return .stillAbove }
    let part = (values[last] - level) / (values[last] - values[last + 1])
    let place = places[last] + part * (places[last + 1] - places[last])
    // Absurd values overflow.
    return place.isFinite ? .at(place) : .nothing
  }
}
