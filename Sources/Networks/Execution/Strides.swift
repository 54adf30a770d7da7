// Extents and strides for the C loops: axes of extent 1 dropped, neighbours merged where every
// array walks them as one.

/// The common extents of several arrays and the strides of each.
struct StridedLoop {
  private(set) var extents: [Int]
  private(set) var strides: [[Int]]

  /// Simplifies a loop nest; an extent of 0 is kept, so that the loop stays empty.
  init(extents: [Int], strides: [[Int]]) {
    self.extents = []
    self.strides = strides.map { _ in [] }
    for axis in extents.indices where extents[axis] != 1 {
      let merges =
        !self.extents.isEmpty
        && strides.indices.allSatisfy { array in
          let outer = self.strides[array][self.extents.count - 1]
          return outer == strides[array][axis] * extents[axis]
        }
      if merges {
        self.extents[self.extents.count - 1] *= extents[axis]
        for array in strides.indices {
          self.strides[array][self.extents.count - 1] = strides[array][axis]
        }
      } else {
        self.extents.append(extents[axis])
        for array in strides.indices { self.strides[array].append(strides[array][axis]) }
      }
    }
  }

  var rank: Int32 { Int32(extents.count) }

  /// Strides of an operand that is broadcast to `shape`, aligned at the last axis.
  static func broadcasting(_ operand: Operand, to shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 0, count: shape.count)
    let lead = shape.count - operand.shape.count
    for (axis, stride) in operand.strides.enumerated() where operand.shape[axis] != 1 {
      // With one example an operand may have more leading ones than the output has axes.
      if lead + axis >= 0 { strides[lead + axis] = stride }
    }
    return strides
  }
}
