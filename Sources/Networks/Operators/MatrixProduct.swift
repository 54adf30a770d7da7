// Gemm and MatMul. A product with a shared matrix on the right is a dense layer; any other one is a
// batch of products within each example: attention scores, or a shared matrix on the left.
internal import Diagnostics
internal import LinearAlgebra
internal import Tensors

final class MatrixProduct: Operator {
  /// Where one product of the batch finds its matrices, within one example.
  struct Place {
    let a: Int
    let b: Int
    let c: Int
  }

  private let operands: [Operand]
  private let m: Int
  private let n: Int
  private let k: Int
  private let transposeA: Bool
  private let transposeB: Bool
  private let alpha: Float
  private let places: [Place]
  private let examples: Int
  /// Whether several products read one matrix, so that its cotangents must be summed.
  private let sums: [Bool]
  private let slab: Int

  private init(
    _ frame: Frame, _ operands: [Operand], m: Int, n: Int, k: Int, transposeA: Bool,
    transposeB: Bool, alpha: Float, places: [Place]
  ) {
    self.operands = operands
    self.m = m
    self.n = n
    self.k = k
    self.transposeA = transposeA
    self.transposeB = transposeB
    self.alpha = alpha
    self.places = places
    examples = frame.examples
    slab = frame.output.count / frame.examples
    sums = [
      operands[0].count < places.count * m * k, operands[1].count < places.count * k * n,
    ]
  }

  func exampleStride(_ input: Int) -> Int { operands[input].exampleStride }
  func rereads(_ input: Int) -> Rereads { Rereads(inputs: [1 - input]) }

  func forward(_ arrays: Arrays) {
    for example in 0..<examples {
      let a = arrays.inputs[0] + example * operands[0].exampleStride
      let b = arrays.inputs[1] + example * operands[1].exampleStride
      let c = arrays.output + example * slab
      for place in places {
        // op(a) is [m, k], op(b) is [k, n], c is [m, n]
        multiply(
          transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: alpha,
          a + place.a, aStride: transposeA ? m : k, b + place.b, bStride: transposeB ? k : n,
          into: c + place.c, cStride: n)
      }
    }
  }

  func pullBack(_ pull: PullBack) {
    let own = operands[pull.input].count
    if sums[pull.input] { pull.clearTarget(slab: own) }
    let beta: Float = pull.accumulates || sums[pull.input] ? 1 : 0
    for example in pull.examples {
      let a = pull.arrays.inputs[0] + example * operands[0].exampleStride
      let b = pull.arrays.inputs[1] + example * operands[1].exampleStride
      for copy in 0..<pull.count {
        let row = (example - pull.examples.lowerBound) * pull.count + copy
        let delta = pull.deltas + row * slab
        let target = pull.target + row * own
        for place in places {
          if pull.input == 0 {
            pullBackToLeft(delta + place.c, b + place.b, target + place.a, beta)
          } else {
            pullBackToRight(delta + place.c, a + place.a, target + place.b, beta)
          }
        }
      }
    }
  }

  private func pullBackToLeft(
    _ delta: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>,
    _ target: UnsafeMutablePointer<Float>, _ beta: Float
  ) {
    if transposeA {
      // δa = op(b) δᵀ is [k, m]
      multiply(
        transposeA: transposeB, transposeB: true, m: k, n: m, k: n, alpha: alpha, b,
        aStride: transposeB ? k : n, delta, bStride: n, beta: beta, into: target, cStride: m)
    } else {
      // δa = δ op(b)ᵀ is [m, k]
      multiply(
        transposeB: !transposeB, m: m, n: k, k: n, alpha: alpha, delta, aStride: n, b,
        bStride: transposeB ? k : n, beta: beta, into: target, cStride: k)
    }
  }

  private func pullBackToRight(
    _ delta: UnsafeMutablePointer<Float>, _ a: UnsafeMutablePointer<Float>,
    _ target: UnsafeMutablePointer<Float>, _ beta: Float
  ) {
    if transposeB {
      // δb = δᵀ op(a) is [n, k]
      multiply(
        transposeA: true, transposeB: transposeA, m: n, n: k, k: m, alpha: alpha, delta,
        aStride: n, a, bStride: transposeA ? m : k, beta: beta, into: target, cStride: k)
    } else {
      // δb = op(a)ᵀ δ is [k, n]
      multiply(
        transposeA: !transposeA, m: k, n: n, k: m, alpha: alpha, a,
        aStride: transposeA ? m : k, delta, bStride: n, beta: beta, into: target, cStride: n)
    }
  }
}

extension MatrixProduct {
  /// Y = α op(A) op(B) + β C.
  static let gemm: OperatorBinding = { binder, site throws(Problem) in
    let alpha = try site.float("alpha", default: 1)
    let beta = try site.float("beta", default: 1)
    var (a, isATransposed) = try binder.matrixTerm(site, 0)
    var (b, isBTransposed) = try binder.matrixTerm(site, 1)
    if try site.integer("transA", default: 0) != 0 { isATransposed.toggle() }
    if try site.integer("transB", default: 0) != 0 { isBTransposed.toggle() }
    guard a.shape.rank == 2, b.shape.rank == 2 else { throw site.invalid("it needs matrices") }
    let (m, k) = oriented(a.shape, isATransposed)
    let (inner, n) = oriented(b.shape, isBTransposed)
    guard k == inner else {
      throw site.invalid("matrices of \(k) and \(inner) summed entries")
    }
    let output = try site.shape([m, n])
    let c = try binder.optionalValue(site, 2) == nil ? nil : try binder.placedTerm(site, 2)
    let isRow =
      c.map { c in
        !c.isBatched
          && !isATransposed
          && (c.shape.count == 1 || (c.shape.count == n && c.shape.dimensions.last == n))
      } ?? true
    let terms = [a, b] + (isRow ? [c].compactMap { $0 } : [])
    let biasCount = isRow ? c?.shape.count : nil
    let product = try binder.emit(site, terms, output: output, outer: a.isBatched ? a.outer : 1) {
      frame throws(Problem) in
      if !isATransposed, !b.isBatched || frame.examples == 1 {
        guard frame.exampleAxis(0) ?? 0 == 0 else { throw site.examplesMoved() }
        return DenseLayer(
          frame, x: try frame.leading(0), i: k, o: n, isTransposed: isBTransposed, alpha: alpha,
          beta: beta, biasCount: biasCount)
      }
      guard terms.count == 2, frame.examples == 1 else { throw site.examplesMoved() }
      let operands = [try frame.leading(0), try frame.leading(1)]
      return MatrixProduct(
        frame, operands, m: m, n: n, k: k, transposeA: isATransposed, transposeB: isBTransposed,
        alpha: alpha, places: [Place(a: 0, b: 0, c: 0)])
    }
    guard let c, !isRow else {
      binder.set(site, product)
      return
    }
    guard case .array(let array) = product else {
      throw site.unsupported("a sum with a known product")
    }
    var addend = c
    if beta != 1 {
      let factor = Term(
        source: .constant(FloatBuffer([beta])), shape: Shape([]), isBatched: false)
      guard case .array(let scaled) = try Binary.emit(binder, site, CK.multiply, c, factor) else {
        throw site.unsupported("a known addend with beta \(beta)")
      }
      addend = binder.term(scaled)
    }
    binder.set(
      site, try Binary.emit(binder, site, CK.add, binder.term(array), addend))
  }

  /// NumPy's matmul: products over the last two axes, the others broadcast.
  static let matMul: OperatorBinding = { binder, site throws(Problem) in
    let (a, isATransposed) = try binder.matrixTerm(site, 0)
    let (b, isBTransposed) = try binder.matrixTerm(site, 1)
    guard a.shape.rank > 0, b.shape.rank > 0 else { throw site.invalid("a factor is a scalar") }
    // A vector is a matrix of one row on the left, of one column on the right.
    let left = a.shape.rank == 1 ? a.reshaped(Shape([1] + a.shape.dimensions)) : a
    let right = b.shape.rank == 1 ? b.reshaped(Shape(b.shape.dimensions + [1])) : b
    let (m, k) = oriented(left.shape, isATransposed)
    let (inner, n) = oriented(right.shape, isBTransposed)
    guard k == inner else {
      throw site.invalid("matrices of \(k) and \(inner) summed entries")
    }
    let batch = try site.broadcast([
      Shape(Array(left.shape.dimensions.dropLast(2))),
      Shape(Array(right.shape.dimensions.dropLast(2))),
    ])
    let full = try site.shape(batch.dimensions + [m, n])
    let output = try site.shape(
      batch.dimensions + (a.shape.rank == 1 ? [] : [m]) + (b.shape.rank == 1 ? [] : [n]))
    let outer = site.outer(of: [left, right], in: full, examples: binder.exampleCount)
    let value = try binder.emit(site, [left, right], output: output, outer: outer) {
      frame throws(Problem) in
      if right.shape.rank == 2, !right.isBatched, !isATransposed, a.shape.rank > 1 {
        guard frame.exampleAxis(0) ?? 0 < left.shape.rank - 1 else { throw site.examplesMoved() }
        return DenseLayer(
          frame, x: try frame.leading(0), i: k, o: n, isTransposed: isBTransposed, alpha: 1,
          beta: 0, biasCount: nil)
      }
      if frame.examples > 1 {
        // The examples must lie on an axis of the batch, not on a matrix's own.
        for (index, term) in [left, right].enumerated() where term.isBatched {
          guard let axis = frame.exampleAxis(index), axis < term.shape.rank - 2, a.shape.rank > 1
          else { throw site.examplesMoved() }
        }
      }
      let shaped = Frame(
        site: site, terms: [left, right], output: full, examples: frame.examples,
        scratch: frame.scratch, outer: frame.outer)
      let operands = [try shaped.broadcast(0), try shaped.broadcast(1)]
      return MatrixProduct(
        shaped, operands, m: m, n: n, k: k, transposeA: isATransposed,
        transposeB: isBTransposed, alpha: 1,
        places: places(shaped.outputSlab, operands, c: m * n))
    }
    binder.set(site, value)
  }

  /// Rows and columns of a matrix as it is meant.
  private static func oriented(_ shape: Shape, _ isTransposed: Bool) -> (Int, Int) {
    let rows = shape.dimensions[shape.rank - 2]
    let columns = shape.dimensions[shape.rank - 1]
    return isTransposed ? (columns, rows) : (rows, columns)
  }

  /// The offsets of every product within one example, the batch axes being broadcast.
  private static func places(_ output: [Int], _ operands: [Operand], c: Int) -> [Place] {
    let batch = Array(output.dropLast(2))
    let walks = operands.map { operand in
      // A shared operand may have fewer axes than the output: it is aligned at the last one.
      let strides = StridedLoop.broadcasting(operand, to: output)
      return StridedWalk(extents: batch, strides: Array(strides.dropLast(2))).positions
    }
    return zip(walks[0], walks[1]).enumerated().map { index, pair in
      Place(a: pair.0, b: pair.1, c: index * c)
    }
  }
}
