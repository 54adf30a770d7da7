// Where the elements of a strided array lie, in row-major order of their indices.

/// Goes through an array's elements, the last axis fastest, whatever order they are stored in.
struct StridedWalk {
  /// Of the present element, in elements from the first.
  private(set) var place = 0
  private let extents: [Int]
  private let strides: [Int]
  private var position: [Int]

  /// - Parameters:
  ///   - extents: of the array; their product is how often `advance` may be called.
  ///   - strides: elements from one index of an axis to the next; as many as extents.
  init(extents: [Int], strides: [Int]) {
    self.extents = extents
    self.strides = strides
    position = extents.map { _ in 0 }
  }

  /// Goes on to the next element; after the last one, to the first again.
  mutating func advance() {
    var axis = extents.count - 1
    while axis >= 0 {
      position[axis] += 1
      place += strides[axis]
      if position[axis] < extents[axis] { return }
      place -= strides[axis] * extents[axis]
      position[axis] = 0
      axis -= 1
    }
  }
}
