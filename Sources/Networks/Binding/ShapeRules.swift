// The shape arithmetic of ONNX operators, as pure functions that folding and the executor share.
internal import Diagnostics
internal import Tensors

extension NodeSite {
  /// NumPy broadcasting of any number of shapes.
  func broadcast(_ shapes: [Shape]) throws(Problem) -> Shape {
    let rank = shapes.map(\.rank).max() ?? 0
    var result = [Int](repeating: 1, count: rank)
    for shape in shapes {
      for (axis, extent) in shape.dimensions.enumerated() {
        let place = rank - shape.rank + axis
        if result[place] == 1 {
          result[place] = extent
        } else if extent != 1, extent != result[place] {
          throw invalid(
            "shapes \(shapes.map(\.description).joined(separator: " and ")) do not broadcast")
        }
      }
    }
    return try self.shape(result)
  }

  /// Reshape's target: one −1 is inferred, 0 copies the input's extent unless `allowzero` is set.
  func reshape(_ shape: Shape, to target: [Int]) throws(Problem) -> Shape {
    let keepsZero = try integer("allowzero", default: 0) == 1
    var result = target
    var inferred: Int?
    for (axis, extent) in target.enumerated() {
      if extent == 0, !keepsZero {
        guard axis < shape.rank else { throw invalid("extent 0 at axis \(axis) of \(shape)") }
        result[axis] = shape.dimensions[axis]
      } else if extent == -1 {
        guard inferred == nil else { throw invalid("two extents are −1 in \(target)") }
        inferred = axis
        result[axis] = 1
      }
    }
    if let inferred {
      let rest = try self.shape(result).count
      guard rest > 0, shape.count % rest == 0 else {
        throw invalid("\(shape) does not reshape to \(target)")
      }
      result[inferred] = shape.count / rest
    }
    let reshaped = try self.shape(result)
    guard reshaped.count == shape.count else {
      throw invalid("\(shape) does not reshape to \(target)")
    }
    return reshaped
  }

  /// Squeeze: without the named axes of extent 1, or without all of them.
  func squeeze(_ shape: Shape, axes: [Int]?) throws(Problem) -> Shape {
    guard let axes else { return try self.shape(shape.dimensions.filter { $0 != 1 }) }
    let dropped = try self.axes(axes, rank: shape.rank)
    for axis in dropped where shape.dimensions[axis] != 1 {
      throw invalid("axis \(axis) of \(shape) has not extent 1")
    }
    return try self.shape(
      shape.dimensions.enumerated().filter { !dropped.contains($0.offset) }.map(\.element))
  }

  /// Unsqueeze: extents 1 inserted at axes of the result.
  func unsqueeze(_ shape: Shape, axes: [Int]) throws(Problem) -> Shape {
    let added = try self.axes(axes, rank: shape.rank + axes.count)
    var result = shape.dimensions
    for axis in added { result.insert(1, at: axis) }
    return try self.shape(result)
  }

  /// Flatten to two axes.
  func flatten(_ shape: Shape) throws(Problem) -> Shape {
    let axis = try integer("axis", default: 1)
    guard axis >= -shape.rank, axis <= shape.rank else { throw invalid("axis \(axis) of \(shape)") }
    let split = axis < 0 ? axis + shape.rank : axis
    return try self.shape([
      shape.dimensions[..<split].reduce(1, *), shape.dimensions[split...].reduce(1, *),
    ])
  }

  /// Transpose's permutation: reversed axes by default.
  func permutation(rank: Int) throws(Problem) -> [Int] {
    let permutation = try integers("perm") ?? Array((0..<rank).reversed())
    guard permutation.sorted() == Array(0..<rank) else {
      throw invalid("perm \(permutation) of \(rank) axes")
    }
    return permutation
  }

  /// One axis of a slice: first index, step, and how many.
  struct AxisSlice: Equatable {
    let start: Int
    let step: Int
    let count: Int
  }

  /// Slice's clamped bounds, one per axis of the input.
  func slices(
    of shape: Shape, starts: [Int], ends: [Int], axes: [Int]?, steps: [Int]?
  ) throws(Problem) -> [AxisSlice] {
    var result = shape.dimensions.map { AxisSlice(start: 0, step: 1, count: $0) }
    let axes = axes ?? Array(0..<starts.count)
    let steps = steps ?? [Int](repeating: 1, count: starts.count)
    guard starts.count == ends.count, starts.count == axes.count, starts.count == steps.count
    else { throw invalid("slice bounds of different lengths") }
    for (index, each) in axes.enumerated() {
      let axis = try self.axis(each, rank: shape.rank)
      let extent = shape.dimensions[axis]
      guard steps[index] != 0 else { throw invalid("a slice with step 0") }
      // A longer step than the axis reaches one element, whatever its length.
      let step = min(max(steps[index], -extent - 1), extent + 1)
      let start = clamp(starts[index], extent: extent, step: step)
      let end = clamp(ends[index], extent: extent, step: step)
      let count =
        step > 0 ? (end - start + step - 1) / step : (start - end - step - 1) / -step
      result[axis] = AxisSlice(start: start, step: step, count: extent == 0 ? 0 : max(0, count))
    }
    return result
  }

  private func clamp(_ bound: Int, extent: Int, step: Int) -> Int {
    // Bounds may be Int64.min or .max: added to only when that cannot overflow.
    let absolute = bound < 0 ? (bound < -extent ? -1 : bound + extent) : bound
    if step > 0 { return min(max(absolute, 0), extent) }
    return min(max(absolute, -1), extent - 1)
  }
}

/// A walk over an array by strides in elements, from an offset.
struct StridedWalk {
  var extents: [Int]
  var strides: [Int]
  var offset = 0

  /// The flat positions in order; for folding only.
  var positions: [Int] {
    guard !extents.contains(0) else { return [] }
    var positions = [offset]
    for (extent, stride) in zip(extents, strides) {
      var next: [Int] = []
      next.reserveCapacity(positions.count * extent)
      for position in positions {
        for index in 0..<extent { next.append(position + index * stride) }
      }
      positions = next
    }
    return positions
  }

  /// Reads `shape` as if it were broadcast to `target`.
  static func broadcasting(_ shape: Shape, to target: Shape) -> StridedWalk {
    var strides = [Int](repeating: 0, count: target.rank)
    let lead = target.rank - shape.rank
    for (axis, stride) in shape.strides.enumerated() where shape.dimensions[axis] != 1 {
      strides[lead + axis] = stride
    }
    return StridedWalk(extents: target.dimensions, strides: strides)
  }

  /// Reads `shape` with its axes permuted.
  static func transposing(_ shape: Shape, _ permutation: [Int]) -> StridedWalk {
    StridedWalk(
      extents: permutation.map { shape.dimensions[$0] },
      strides: permutation.map { shape.strides[$0] })
  }

  /// Reads a slice of `shape`.
  static func slicing(_ shape: Shape, _ slices: [NodeSite.AxisSlice]) -> StridedWalk {
    var offset = 0
    for (slice, stride) in zip(slices, shape.strides) where slice.count > 0 {
      offset += slice.start * stride
    }
    return StridedWalk(
      extents: slices.map(\.count), strides: zip(slices, shape.strides).map { $0.step * $1 },
      offset: offset)
  }
}
