// Who reads the parameter gradients of a backward pass, as they are formed: most are never kept, and
// a squared norm often costs less than the gradient that it is of.
public import Diagnostics
internal import Tensors

/// Reads per-example gradients.
///
/// Each example has K rows (one per cotangent). The first `entryRows` of them are read entry by
/// entry, of the others only the squared norms are: a network forms what is asked for, by the
/// cheapest of its ways. Pointers are valid during the call; every parameter and example comes once.
public protocol GradientReader: AnyObject {
  /// How many of each example's rows are read entry by entry, 0 to K; the same for a whole pass.
  var entryRows: Int { get }
  /// `entries` is `[examples, rows, P]`; of each example the first `entryRows` are to be read.
  func read(parameter: Int, examples: Range<Int>, rows: Int, entries: UnsafePointer<Float>)
  /// All K rows of all examples, as outer products; instead of entries and squares.
  func read(parameter: Int, outer: OuterGradients)
  /// `squares` is `[examples, K − entryRows]`: the squared norms of the other rows.
  func read(parameter: Int, examples: Range<Int>, squares: UnsafePointer<Double>)
  /// Whether the gradients by the layers' outputs are wanted; false by default.
  var readsLayers: Bool { get }
  /// `cotangents` is `[examples, rows, features]`: the gradients by a layer's recorded output.
  func read(
    layer: Int, examples: Int, rows: Int, features: Int, cotangents: UnsafePointer<Float>)
}

extension GradientReader {
  /// Parameters alone.
  public var readsLayers: Bool { false }
  /// Nothing.
  public func read(
    layer: Int, examples: Int, rows: Int, features: Int, cotangents: UnsafePointer<Float>
  ) {}
}

/// Gradients of a matrix that each are one outer product: of example n and row k,
/// scale · left[n, k] ⊗ right[n].
public struct OuterGradients {
  /// N.
  public let examples: Int
  /// K.
  public let rows: Int
  /// Features of the left and the right factor.
  public let leftCount: Int
  /// See `leftCount`.
  public let rightCount: Int
  /// `[N, K, leftCount]`: cotangents.
  public let left: UnsafePointer<Float>
  /// `[N, rightCount]`: activations.
  public let right: UnsafePointer<Float>
  /// The matrix lies as `[left, right]`, or the other way round.
  public let isLeftMajor: Bool
  /// A factor of every entry.
  public let scale: Float

  /// One row's gradient, `[P]`, in the order of the matrix.
  public func entries(example: Int, row: Int) -> [Float] {
    let left = left + (example * rows + row) * leftCount
    let right = right + example * rightCount
    var entries = [Float](repeating: 0, count: leftCount * rightCount)
    for o in 0..<leftCount {
      for i in 0..<rightCount {
        entries[isLeftMajor ? o * rightCount + i : i * leftCount + o] = scale * left[o] * right[i]
      }
    }
    return entries
  }
}

extension DifferentiableNetwork {
  /// Per-example gradients in full.
  ///
  /// - Parameters:
  ///   - cotangents: `[N, K] + outputShape`.
  ///   - count: K.
  ///   - visit: called once per parameter and example with `[K, P]` gradients, valid during the call.
  public func backward(
    cotangents: [Float], count: Int,
    visit: (_ parameter: Int, _ example: Int, _ gradients: UnsafeBufferPointer<Float>) -> Void
  ) throws(Problem) {
    let counts = parameters.map(\.shape.count)
    var problem: Problem?
    withoutActuallyEscaping(visit) { visit in
      let reader = GradientVisitor(rows: count, counts: counts, visit: visit)
      do throws(Problem) {
        try backward(cotangents: cotangents, count: count, reader: reader)
      } catch {
        problem = error
      }
    }
    if let problem { throw problem }
  }
}

/// Hands every gradient in full to a closure.
private final class GradientVisitor: GradientReader {
  let entryRows: Int
  private let counts: [Int]
  private let visit: (Int, Int, UnsafeBufferPointer<Float>) -> Void

  init(
    rows: Int, counts: [Int], visit: @escaping (Int, Int, UnsafeBufferPointer<Float>) -> Void
  ) {
    entryRows = rows
    self.counts = counts
    self.visit = visit
  }

  func read(parameter: Int, examples: Range<Int>, rows: Int, entries: UnsafePointer<Float>) {
    let size = rows * counts[parameter]
    for example in examples {
      visit(
        parameter, example,
        UnsafeBufferPointer(
          start: entries + (example - examples.lowerBound) * size, count: size))
    }
  }

  func read(parameter: Int, outer: OuterGradients) {
    for example in 0..<outer.examples {
      let rows = (0..<outer.rows).flatMap { outer.entries(example: example, row: $0) }
      rows.withUnsafeBufferPointer { visit(parameter, example, $0) }
    }
  }

  func read(parameter: Int, examples: Range<Int>, squares: UnsafePointer<Double>) {}
}
