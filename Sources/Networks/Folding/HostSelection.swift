// Folding of operators whose result depends on which values there are: NonZero, Unique, TopK, OneHot,
// Compress.
internal import Diagnostics
internal import Tensors

enum HostSelection {
  /// The coordinates of entries that are not zero, `[rank, count]`.
  static let nonZero: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    let values = input.reals
    let places = values.indices.filter { values[$0] != 0 }
    let strides = input.shape.strides
    let coordinates = input.shape.dimensions.indices.flatMap { axis in
      places.map { Int64($0 / strides[axis] % input.shape.dimensions[axis]) }
    }
    return [
      HostArray(
        shape: try call.site.shape([input.shape.rank, places.count]), type: .int64,
        integers: coordinates)
    ]
  }

  /// A one along a new axis where an index points, `values` being what stands for zero and one.
  static let oneHot: HostOperation = { call throws(Problem) in
    let indices = try call.input(0)
    guard let wide = try call.input(1).reals.first, let depth = Int(exactly: wide), depth >= 0,
      try call.input(2).shape.count == 2
    else { throw call.site.invalid("its depth or values") }
    let axis = try call.site.axis(
      try call.site.integer("axis", default: -1), rank: indices.shape.rank + 1)
    var dimensions = indices.shape.dimensions
    dimensions.insert(depth, at: axis)
    let shape = try call.site.shape(dimensions)
    let inner = indices.shape.dimensions[axis...].reduce(1, *)
    var places = [Int](repeating: 0, count: shape.count)
    for (place, value) in indices.reals.enumerated() {
      // Indices outside leave zeros.
      guard let index = Int(exactly: value.rounded(.towardZero)), index >= -depth, index < depth
      else { continue }
      let hot = index < 0 ? index + depth : index
      places[(place / inner * depth + hot) * inner + place % inner] = 1
    }
    return [try call.input(2).gathered(places, shape: shape)]
  }

  /// The largest or smallest entries along an axis in order, and their places.
  static let topK: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    let axis = try call.site.axis(
      try call.site.integer("axis", default: -1), rank: input.shape.rank)
    let isLargest = try call.site.integer("largest", default: 1) == 1
    let (length, inner) = (input.shape.dimensions[axis], input.shape.strides[axis])
    guard let count = try call.integers(1).first, count >= 0, count <= length else {
      throw call.site.invalid("its count for \(length) entries")
    }
    var dimensions = input.shape.dimensions
    dimensions[axis] = count
    let shape = try call.site.shape(dimensions)
    let values = input.reals
    var positions = [Int](repeating: 0, count: shape.count)
    var places = [Int64](repeating: 0, count: shape.count)
    for block in 0..<(length == 0 ? 0 : input.shape.count / (length * inner)) {
      for column in 0..<inner {
        let start = block * length * inner + column
        let order = (0..<length).sorted { a, b in
          let (x, y) = (values[start + a * inner], values[start + b * inner])
          return x == y ? a < b : (isLargest ? x > y : x < y)
        }
        for (rank, each) in order.prefix(count).enumerated() {
          positions[(block * count + rank) * inner + column] = start + each * inner
          places[(block * count + rank) * inner + column] = Int64(each)
        }
      }
    }
    return [
      input.gathered(positions, shape: shape),
      HostArray(shape: shape, type: .int64, integers: places),
    ]
  }

  /// The distinct values of a flat array, or the distinct slices along an axis, with where each is
  /// first, where every one is among them, and how often.
  static let unique: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    var shape = try call.site.shape([input.shape.count])
    var axis = 0
    if case .integer(let named)? = call.site.node.attributes["axis"] {
      shape = input.shape
      axis = try call.site.axis(Int(named), rank: shape.rank)
    }
    let (length, inner) = (shape.dimensions[axis], shape.strides[axis])
    let outer = length * inner == 0 ? 0 : shape.count / (length * inner)
    func positions(_ slices: [Int]) -> [Int] {
      (0..<outer).flatMap { block in
        slices.flatMap { slice in
          (0..<inner).map { (block * length + slice) * inner + $0 }
        }
      }
    }
    let values = input.reals
    let keys = (0..<length).map { slice in positions([slice]).map { values[$0] } }
    var first: [[Double]: Int] = [:]
    var counts: [[Double]: Int64] = [:]
    var order: [Int] = []
    for (place, key) in keys.enumerated() {
      if first[key] == nil {
        first[key] = place
        order.append(place)
      }
      counts[key, default: 0] += 1
    }
    if try call.site.integer("sorted", default: 1) == 1 {
      order.sort { keys[$0].lexicographicallyPrecedes(keys[$1]) }
    }
    var rank: [[Double]: Int64] = [:]
    for (index, place) in order.enumerated() { rank[keys[place]] = Int64(index) }
    var dimensions = shape.dimensions
    dimensions[axis] = order.count
    let list = try call.site.shape([order.count])
    return [
      input.gathered(positions(order), shape: try call.site.shape(dimensions)),
      HostArray(shape: list, type: .int64, integers: order.map(Int64.init)),
      HostArray(
        shape: try call.site.shape([length]), type: .int64, integers: keys.map { rank[$0] ?? 0 }),
      HostArray(shape: list, type: .int64, integers: order.map { counts[keys[$0]] ?? 0 }),
    ]
  }

  static let compress: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    let condition = try call.integers(1)
    let chosen = condition.indices.filter { condition[$0] != 0 }
    var shape = input.shape
    var axis = 0
    if case .integer(let named)? = call.site.node.attributes["axis"] {
      axis = try call.site.axis(Int(named), rank: shape.rank)
    } else {
      shape = try call.site.shape([shape.count])
    }
    let (length, inner) = (shape.dimensions[axis], shape.strides[axis])
    guard (chosen.last ?? -1) < length else {
      throw call.site.invalid("\(condition.count) conditions for \(length) entries")
    }
    var dimensions = shape.dimensions
    dimensions[axis] = chosen.count
    var positions: [Int] = []
    for block in 0..<(length == 0 ? 0 : shape.count / (length * inner)) {
      for each in chosen {
        let start = (block * length + each) * inner
        positions += start..<(start + inner)
      }
    }
    return [input.gathered(positions, shape: try call.site.shape(dimensions))]
  }
}
