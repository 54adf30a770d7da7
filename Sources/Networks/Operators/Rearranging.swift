// Operators that reorder or repeat elements and are made of reshapes, transpositions and expansions:
// Tile, DepthToSpace, SpaceToDepth, and arrays that are made from shapes alone.
internal import Diagnostics
internal import Tensors

enum Rearranging {
  /// Every axis is split in (1, extent), and the 1 expanded.
  static let tile = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    var name = try lower.input(0)
    let shape = try lower.shape(name)
    guard let repeats = try lower.binder.integers(site, 1), repeats.count == shape.count,
      repeats.allSatisfy({ $0 >= 0 && $0 < NodeSite.largestArray })
    else { throw site.invalid("its repeats do not fit \(shape)") }
    for axis in shape.indices where repeats[axis] != 1 {
      var split = try lower.shape(name)
      split.insert(1, at: axis)
      let unit = try lower.reshape(name, split)
      split[axis] = repeats[axis]
      let expanded = try lower("Expand", [unit, lower.list(split)])
      split[axis] *= split.remove(at: axis + 1)
      name = try lower.reshape(expanded, split)
    }
    try lower.finish(name)
  }

  static let depthToSpace = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let input = try lower.input(0)
    let (shape, block) = try blocks(lower, input)
    let (n, c, h, w) = (shape[0], shape[1], shape[2], shape[3])
    guard c % (block * block) == 0 else {
      throw site.invalid("\(c) channels in blocks of \(block)")
    }
    let inner = c / (block * block)
    let isColumnRow = try site.text("mode", default: "DCR") == "CRD"
    let split = try lower.reshape(
      input, isColumnRow ? [n, inner, block, block, h, w] : [n, block, block, inner, h, w])
    let moved = try lower.transpose(split, isColumnRow ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2])
    try lower.finish(try lower.reshape(moved, [n, inner, h * block, w * block]))
  }

  static let spaceToDepth = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let input = try lower.input(0)
    let (shape, block) = try blocks(lower, input)
    let (n, c, h, w) = (shape[0], shape[1], shape[2], shape[3])
    guard h % block == 0, w % block == 0 else {
      throw site.invalid("an image of \(h) × \(w) in blocks of \(block)")
    }
    let split = try lower.reshape(input, [n, c, h / block, block, w / block, block])
    let isColumnRow = try site.text("mode", default: "DCR") == "CRD"
    let moved = try lower.transpose(
      split, isColumnRow ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4])
    try lower.finish(
      try lower.reshape(moved, [n, c * block * block, h / block, w / block]))
  }

  private static func blocks(
    _ lower: Lowering, _ input: String
  ) throws(Problem) -> (shape: [Int], block: Int) {
    let shape = try lower.shape(input)
    let block = try lower.site.integer("blocksize", default: 0)
    guard shape.count == 4, block > 0, block < 1 << 16 else {
      throw lower.site.invalid("input \(shape) in blocks of \(block)")
    }
    return (shape, block)
  }
}
