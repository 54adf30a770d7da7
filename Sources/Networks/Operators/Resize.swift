// Resize and Upsample: one sparse map per resized axis, as interpolation of every mode is separable
// (onnx Operators.md, Resize).
internal import Diagnostics
internal import Tensors

/// How one axis is resampled.
struct Resampling {
  /// Entries before and after, and their quotient.
  let input: Int
  let output: Int
  let scale: Double
  /// The scale is the quotient of the extents, so that coordinates can be computed without rounding.
  let isExact: Bool
  /// The part of the axis that is kept, as fractions; for tf_crop_and_resize.
  let region: (start: Double, end: Double)

  /// Where an output lies among the inputs; nil outside of them where that counts.
  func coordinate(_ place: Int, mode: String) -> Double? {
    let x = Double(place)
    let exactOutput = isExact ? Double(output) : scale * Double(input)
    func unscaled(_ x: Double) -> Double {
      isExact ? x * Double(input) / Double(output) : x / scale
    }
    switch mode {
    case "asymmetric": return unscaled(x)
    case "align_corners":
      return exactOutput == 1 ? 0 : x * Double(input - 1) / (exactOutput - 1)
    case "pytorch_half_pixel" where exactOutput == 1: return -0.5
    case "half_pixel_symmetric":
      let offset = Double(input) / 2 * (1 - Double(output) / exactOutput)
      return offset + unscaled(x + 0.5) - 0.5
    case "tf_crop_and_resize":
      let last = Double(input - 1)
      let (start, end) = region
      let along =
        exactOutput == 1 ? (end - start) * last / 2 : x * (end - start) * last / (exactOutput - 1)
      let coordinate = along + start * last
      return coordinate < 0 || coordinate > last ? nil : coordinate
    default: return unscaled(x + 0.5) - 0.5
    }
  }

  /// The one input nearest to a coordinate.
  func nearest(_ coordinate: Double, mode: String) -> Int {
    let rounded: Double
    switch mode {
    case "floor": rounded = coordinate.rounded(.down)
    case "ceil": rounded = coordinate.rounded(.up)
    case "round_prefer_ceil": rounded = (coordinate + 0.5).rounded(.down)
    default: rounded = (coordinate - 0.5).rounded(.up)
    }
    return min(max(Int(rounded), 0), input - 1)
  }

  /// Neighbours and their weights, which sum to 1; beyond an end its entry repeats.
  func neighbours(
    _ coordinate: Double, reach: Int, kernel: (Double) -> Double, isSmoothed: Bool,
    excludesOutside: Bool
  ) -> [(index: Int, weight: Double)] {
    // A smoothed kernel is stretched when there are fewer outputs than inputs.
    let squeeze = isSmoothed ? min(scale, 1) : 1
    // The neighbour on the left counts as the nearest one even at an entry itself.
    let left = coordinate.rounded(.up) - 1
    let start = Int((-Double(reach) / squeeze).rounded(.down)) + 1
    var found: [(index: Int, weight: Double)] = []
    var total = 0.0
    for step in start..<(2 - start) {
      let index = Int(left) + step
      if excludesOutside, index < 0 || index >= input { continue }
      let weight = kernel(squeeze * (Double(index) - coordinate))
      total += weight
      found.append((min(max(index, 0), input - 1), weight))
    }
    return found.map { ($0.index, $0.weight / total) }
  }
}

enum Resize {
  static let bind = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let shape = try lower.binder.shape(site, 0).dimensions
    let named = try site.integers("axes")
    let axes =
      try named.map { axes throws(Problem) in
        try axes.map { axis throws(Problem) in try site.axis(axis, rank: shape.count) }
      } ?? Array(shape.indices)
    let region = try lower.binder.reals(site, 1) ?? []
    let scales = try lower.binder.reals(site, 2) ?? []
    let plans: [Resampling]
    if let sizes = try lower.binder.integers(site, 3), !sizes.isEmpty {
      plans = try bySizes(site, shape, axes, sizes, region)
    } else {
      plans = try byScales(site, shape, axes, scales, region)
    }
    try apply(lower, axes, plans)
  }

  /// The older operator: scales as second input, coordinates asymmetric.
  static let upsample = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let shape = try lower.binder.shape(site, 0).dimensions
    let scales = try lower.binder.reals(site, 1) ?? []
    let axes = Array(shape.indices)
    try apply(
      lower, axes, try byScales(site, shape, axes, scales, []), coordinates: "asymmetric",
      rounding: "floor")
  }

  private static func byScales(
    _ site: NodeSite, _ shape: [Int], _ axes: [Int], _ scales: [Double], _ region: [Double]
  ) throws(Problem) -> [Resampling] {
    guard scales.count == axes.count, scales.allSatisfy({ $0 > 0 && $0 < 0x1p20 }) else {
      throw site.invalid("scales \(scales) for \(axes.count) axes")
    }
    return axes.indices.map { index in
      let input = shape[axes[index]]
      // A scale is a float32; its product with an extent must not fall short of a whole number.
      let span = Double(input) * scales[index]
      return Resampling(
        input: input, output: Int((span + 1e-7 * span).rounded(.down)), scale: scales[index],
        isExact: false, region: part(region, index, of: axes.count))
    }
  }

  private static func bySizes(
    _ site: NodeSite, _ shape: [Int], _ axes: [Int], _ sizes: [Int], _ region: [Double]
  ) throws(Problem) -> [Resampling] {
    guard sizes.count == axes.count, sizes.allSatisfy({ $0 > 0 && $0 < NodeSite.largestArray })
    else { throw site.invalid("sizes \(sizes) for \(axes.count) axes") }
    let quotients = axes.indices.map { Double(sizes[$0]) / Double(max(shape[axes[$0]], 1)) }
    let policy = try site.text("keep_aspect_ratio_policy", default: "stretch")
    guard policy != "stretch" else {
      return axes.indices.map { index in
        Resampling(
          input: shape[axes[index]], output: sizes[index], scale: quotients[index], isExact: true,
          region: part(region, index, of: axes.count))
      }
    }
    let scale = (policy == "not_larger" ? quotients.min() : quotients.max()) ?? 1
    return axes.indices.map { index in
      let input = shape[axes[index]]
      return Resampling(
        input: input, output: Int((scale * Double(input) + 0.5).rounded(.down)), scale: scale,
        isExact: false, region: part(region, index, of: axes.count))
    }
  }

  private static func part(
    _ region: [Double], _ index: Int, of count: Int
  ) -> (start: Double, end: Double) {
    region.count == 2 * count ? (region[index], region[index + count]) : (0, 1)
  }

  private static func apply(
    _ lower: Lowering, _ axes: [Int], _ plans: [Resampling], coordinates: String? = nil,
    rounding: String? = nil
  ) throws(Problem) {
    let site = lower.site
    let mode = try site.text("mode", default: "nearest")
    let named = try site.text("coordinate_transformation_mode", default: "half_pixel")
    let coordinates = coordinates ?? named
    let ownRounding = try site.text("nearest_mode", default: "round_prefer_floor")
    let rounding = rounding ?? ownRounding
    let excludes = try site.integer("exclude_outside", default: 0) == 1
    let smooths = try site.integer("antialias", default: 0) == 1
    let a = Double(try site.float("cubic_coeff_a", default: -0.75))
    guard ["nearest", "linear", "cubic"].contains(mode) else {
      throw site.unsupported("mode \"\(mode)\"")
    }
    var name = try lower.input(0)
    let rank = try lower.shape(name).count
    var outside: String?
    for (axis, plan) in zip(axes, plans) {
      guard plan.input > 0, plan.output > 0 else { throw site.invalid("nothing to resize") }
      guard plan.output != plan.input || plan.scale != 1 || plan.region != (0, 1) else { continue }
      var entries = SparseMap.Entries()
      var isOutside = [Int64](repeating: 0, count: plan.output)
      for place in 0..<plan.output {
        guard let coordinate = plan.coordinate(place, mode: coordinates) else {
          isOutside[place] = 1
          continue
        }
        if mode == "nearest" {
          entries.append(to: place, from: plan.nearest(coordinate, mode: rounding), weight: 1)
          continue
        }
        let isCubic = mode == "cubic"
        let neighbours = plan.neighbours(
          coordinate, reach: isCubic ? 2 : 1,
          kernel: { isCubic ? cubic($0.magnitude, a) : max(0, 1 - $0.magnitude) },
          isSmoothed: smooths, excludesOutside: excludes)
        for each in neighbours where each.weight != 0 {
          entries.append(to: place, from: each.index, weight: Float(each.weight))
        }
      }
      name = try SparseMap.emit(lower, name, axis: axis, length: plan.output, entries)
      guard isOutside.contains(1) else { continue }
      var extents = [Int](repeating: 1, count: rank)
      extents[axis] = plan.output
      let mask = lower.constant(
        HostArray(shape: try site.shape(extents), type: .bool, integers: isOutside))
      outside =
        try outside.map { earlier throws(Problem) in try lower("Or", [earlier, mask]) }
        ?? mask
    }
    if let outside {
      let value = lower.scalar(Double(try site.float("extrapolation_value", default: 0)))
      name = try lower("Where", [outside, value, name])
    }
    try lower.finish(name)
  }

  /// The cubic convolution kernel (Keys 1981, eq. 4).
  private static func cubic(_ x: Double, _ a: Double) -> Double {
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }
}
