// How arrays of chunks count them: row-major in the grid of the largest extents that the dataset may
// take, an unlimited axis before all others (H5D__farray_idx_get_addr, H5D__earray_idx_get_addr and
// H5D__none_idx_get_addr of HDF5's library).

struct HDF5ChunkOrder {
  private let counts: [Int]
  /// The axes from the outermost inwards.
  private let axes: [Int]
  /// By axis, between a chunk and the next along it.
  private let strides: [Int]

  /// Nil when two axes are unlimited, or a number would be too large.
  ///
  /// - Parameter limits: the largest extents; nil along an unlimited axis.
  init?(_ grid: ChunkGrid, limits: [Int?]) {
    guard limits.count == grid.shape.count, limits.count(where: { $0 == nil }) <= 1 else {
      return nil
    }
    let unlimited = limits.indices.filter { limits[$0] == nil }
    axes = unlimited + limits.indices.filter { limits[$0] != nil }
    counts = grid.counts
    var strides = limits.map { _ in 1 }
    var next = 1
    for axis in axes.reversed() {
      strides[axis] = next
      let chunks = limits[axis].map { ($0 - 1) / grid.chunk[axis] + 1 } ?? grid.counts[axis]
      let (product, overflow) = next.multipliedReportingOverflow(
        by: max(chunks, grid.counts[axis], 1))
      guard !overflow else { return nil }
      next = product
    }
    self.strides = strides
  }

  /// The row-major place in the dataset's own grid; nil outside.
  func place(of number: Int) -> Int? {
    var rest = number
    var coordinates = counts.map { _ in 0 }
    for axis in axes {
      coordinates[axis] = rest / strides[axis]
      rest %= strides[axis]
      guard coordinates[axis] < counts[axis] else { return nil }
    }
    return zip(counts, coordinates).reduce(0) { $0 * $1.0 + $1.1 }
  }

  /// The number of the chunk at a place in the dataset's own grid.
  func number(at place: Int) -> Int {
    var rest = place
    var number = 0
    for axis in counts.indices.reversed() {
      number += rest % counts[axis] * strides[axis]
      rest /= counts[axis]
    }
    return number
  }

  /// One more than the largest number in the dataset's own grid.
  var end: Int {
    guard !counts.contains(0) else { return 0 }
    return zip(counts, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
  }
}
