// The product B·A·scale of a low-rank adapter (LoRA, arXiv 2106.09685), as a tensor that is computed
// while it is read.
internal import Diagnostics
internal import Tensors

final class LowRankProduct: Sendable {
  /// a is [rank, rest…], b is [outputs, rank, 1…]; the product is [outputs, rest…].
  let a: StoredTensor
  let b: StoredTensor
  let scale: Float

  /// Elements of either factor that are held in memory at most: 256 MiB.
  private static let mostElements = 1 << 26

  /// Nil when the shapes do not fit, or a factor is too large to be held.
  init?(a: StoredTensor, b: StoredTensor, scale: Float) {
    guard a.shape.rank >= 2, b.shape.rank >= 2, a.shape.dimensions[0] == b.shape.dimensions[1],
      b.shape.dimensions.dropFirst(2).allSatisfy({ $0 == 1 }), a.shape.count > 0,
      b.shape.count > 0, a.shape.count <= Self.mostElements, b.shape.count <= Self.mostElements
    else { return nil }
    (self.a, self.b, self.scale) = (a, b, scale)
  }

  var extents: [Int] { [b.shape.dimensions[0]] + a.shape.dimensions.dropFirst() }
}

extension Checkpoint {
  /// The factors of a tensor that is computed: it is scale · left · right, left [outputs, rank] and right
  /// [rank, inputs…]; nil for those that are stored.
  public func factors(
    of tensor: StoredTensor
  ) -> (left: StoredTensor, right: StoredTensor, scale: Double)? {
    tensor.product.map { ($0.b, $0.a, Double($0.scale)) }
  }
}

/// The rows of a product, one after the other.
struct ProductSource {
  private let product: LowRankProduct
  private let a: [Float]
  private let b: [Float]
  private let rank: Int
  private let columns: Int
  private var row: [Float] = []
  private var nextRow = 0
  private var column = 0

  init(_ product: LowRankProduct, _ file: (Int) -> InputFile) throws(Problem) {
    self.product = product
    rank = product.a.shape.dimensions[0]
    columns = product.a.shape.count / rank
    a = try Self.values(product.a, file)
    b = try Self.values(product.b, file)
  }

  private static func values(
    _ tensor: StoredTensor, _ file: (Int) -> InputFile
  ) throws(Problem) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(tensor.shape.count)
    let reader = BlockReader(elements: min(tensor.shape.count, BlockReader.blockBytes / 8))
    try reader.forEachBlock(of: tensor, in: file) { (_, floats) throws(Problem) in
      values += floats
    }
    return values
  }

  /// Writes the next `count` elements as float32.
  mutating func read(_ count: Int, into buffer: UnsafeMutableRawBufferPointer) {
    var done = 0
    while done < count {
      if column == row.count { computeRow() }
      let run = min(count - done, columns - column)
      row.withUnsafeBytes { bytes in
        let part = bytes[(column * 4)..<((column + run) * 4)]
        UnsafeMutableRawBufferPointer(rebasing: buffer[(done * 4)..<((done + run) * 4)])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
      }
      done += run
      column += run
    }
  }

  // row is [columns] = scale · Σ_r b[nextRow, r] a[r, :]
  private mutating func computeRow() {
    row = [Float](unsafeUninitializedCapacity: columns) { buffer, initialized in
      buffer.initialize(repeating: 0)
      for r in 0..<rank {
        let factor = product.scale * b[nextRow * rank + r]
        a.withUnsafeBufferPointer { a in
          for column in 0..<columns { buffer[column] += factor * a[r * columns + column] }
        }
      }
      initialized = columns
    }
    nextRow += 1
    column = 0
  }
}
