// Where indices that the network computes point to, within one example's part of an array.
internal import Diagnostics
internal import Tensors

/// Flat places base + Σ stride · index, in units of blocks of `inner` elements.
struct IndexedPlaces {
  /// By entry, what is known of its place.
  var base: [Int]
  /// By component of an index: how many entries it may name, and how far they are apart.
  var extents: [Int]
  var strides: [Int]
  /// Elements of a block.
  var inner = 1
  /// Distinct indices of an example: entries beyond repeat them.
  var period: Int

  /// Entries per example, and blocks read by all of them.
  var count: Int { base.count }

  /// The place of an entry; nil where an index is outside or no number.
  func place(_ entry: Int, _ indices: UnsafePointer<Float>) -> Int? {
    let index = indices + entry % period * extents.count
    var place = base[entry]
    for (component, extent) in extents.enumerated() {
      let value = index[component]
      guard value >= Float(-extent), value < Float(extent) else { return nil }
      let whole = Int(value)
      place += (whole < 0 ? whole + extent : whole) * strides[component]
    }
    return place
  }

  /// GatherElements and ScatterElements: an index replaces one coordinate of its own place.
  init(_ site: NodeSite, elementsOf data: [Int], indices: [Int], axis: Int) throws(Problem) {
    guard indices.count == data.count,
      zip(indices, data).enumerated().allSatisfy({
        $0.offset == axis || $0.element.0 <= $0.element.1
      })
    else { throw site.invalid("indices \(indices) into \(data)") }
    var strides = Operand(shape: data, exampleStride: 0).strides
    extents = [data[axis]]
    self.strides = [strides[axis]]
    strides[axis] = 0
    base = StridedWalk(extents: indices, strides: strides).positions
    period = max(1, base.count)
  }

  /// Gather: each index names a slice of the data along one axis.
  init(slicesOf data: [Int], count: Int, axis: Int) {
    extents = [data[axis]]
    strides = [1]
    inner = data[(axis + 1)...].reduce(1, *)
    base = (0..<data[..<axis].reduce(1, *)).flatMap { block in
      [Int](repeating: block * data[axis], count: count)
    }
    period = max(1, count)
  }

  /// GatherND and ScatterND: the last axis of the indices names leading coordinates behind `leading`
  /// axes that both arrays share.
  init(_ site: NodeSite, blocksOf data: [Int], indices: [Int], leading: Int) throws(Problem) {
    guard let depth = indices.last, depth >= 1, leading >= 0, leading < indices.count,
      leading + depth <= data.count, indices[..<leading] == data[..<leading]
    else { throw site.invalid("indices \(indices) into \(data)") }
    let block = data[(leading + depth)...].reduce(1, *)
    inner = block
    let whole = Operand(shape: data, exampleStride: 0).strides
    extents = Array(data[leading..<(leading + depth)])
    strides = whole[leading..<(leading + depth)].map { $0 / max(1, block) }
    let rows = indices[leading..<(indices.count - 1)].reduce(1, *)
    let shared = data[leading..<(leading + depth)].reduce(1, *)
    base = (0..<indices[..<leading].reduce(1, *)).flatMap { block in
      [Int](repeating: block * shared, count: rows)
    }
    period = max(1, base.count)
  }
}

extension Frame {
  /// One example's part of an array that has a row for each: an activation, or an array that is known
  /// or made of parameters and was expanded to the examples; all of one that does not.
  func row(_ input: Int, sharing isShared: Bool = false) throws(Problem) -> Operand {
    let term = terms[input]
    if term.isBatched || isShared || examples == 1 { return try leading(input) }
    var shape = term.shape.dimensions
    guard place?.axis == 0, let first = shape.first, first % examples == 0 else {
      throw site.examplesMoved()
    }
    shape[0] = first / examples
    return Operand(shape: shape, exampleStride: shape.reduce(1, *))
  }
}
