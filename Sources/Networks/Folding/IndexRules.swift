// The index arithmetic of operators that pick and place elements, which folding and the executor
// share.
internal import Diagnostics
internal import Tensors

extension NodeSite {
  /// An index in 0..<extent from one that may count from the end.
  func index(_ index: Int, extent: Int) throws(Problem) -> Int {
    guard index >= -extent, index < extent else {
      throw problem(
        "index-out-of-range", "index \(index) into \(extent) entries",
        remedy: "check that the batch's indices fit the network's tables")
    }
    return index < 0 ? index + extent : index
  }

  /// Split's sizes: given, or equal parts with a smaller last one.
  func splitSizes(extent: Int, sizes: [Int]?, parts: Int) throws(Problem) -> [Int] {
    if let sizes {
      guard sizes.allSatisfy({ $0 >= 0 && $0 <= extent }), sizes.count <= NodeSite.mostParts,
        sizes.reduce(0, +) == extent
      else { throw invalid("parts \(sizes) of \(extent)") }
      return sizes
    }
    guard parts > 0 else { throw invalid("it has no outputs") }
    let size = (extent + parts - 1) / parts
    return (0..<parts).map { max(0, min(size, extent - $0 * size)) }
  }

  private static let mostParts = 1 << 20

  /// The flat positions that GatherElements reads and ScatterElements writes: each index replaces one
  /// coordinate of its own place.
  func elementPositions(
    in data: Shape, indices: [Int], shape: Shape
  ) throws(Problem) -> [Int] {
    let axis = try axis(try integer("axis", default: 0), rank: data.rank)
    guard shape.rank == data.rank,
      zip(shape.dimensions, data.dimensions).enumerated().allSatisfy({
        $0.offset == axis || $0.element.0 <= $0.element.1
      })
    else { throw invalid("indices \(shape) into \(data)") }
    var strides = data.strides
    let along = strides[axis]
    strides[axis] = 0
    var positions = StridedWalk(extents: shape.dimensions, strides: strides).positions
    for (place, each) in indices.enumerated() {
      positions[place] += try index(each, extent: data.dimensions[axis]) * along
    }
    return positions
  }

  /// The flat positions that GatherND reads and ScatterND writes, block after block, and the extents
  /// of one block: the last axis of the indices names leading coordinates behind `batch_dims`.
  func blockPositions(
    in data: Shape, indices: [Int], shape: Shape
  ) throws(Problem) -> (positions: [Int], extents: [Int]) {
    let leading = try integer("batch_dims", default: 0)
    guard let depth = shape.dimensions.last, depth >= 1, leading >= 0, leading < shape.rank,
      leading + depth <= data.rank,
      shape.dimensions[..<leading] == data.dimensions[..<leading]
    else { throw invalid("indices \(shape) into \(data)") }
    let extents = Array(data.dimensions[(leading + depth)...])
    let inner = extents.reduce(1, *)
    let strides = data.strides
    let batches = shape.dimensions[..<leading].reduce(1, *)
    let rows = batches == 0 ? 0 : indices.count / depth / batches
    _ = try self.shape(Array(shape.dimensions.dropLast()) + extents)
    var positions: [Int] = []
    positions.reserveCapacity(batches * rows * inner)
    for row in 0..<(batches * rows) {
      var start = row / max(rows, 1) * data.dimensions[leading...].reduce(1, *)
      for axis in 0..<depth {
        start +=
          try index(indices[row * depth + axis], extent: data.dimensions[leading + axis])
          * strides[leading + axis]
      }
      positions += start..<(start + inner)
    }
    return (positions, extents)
  }
}
