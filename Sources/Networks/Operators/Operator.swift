// What an operator is once it is bound to shapes: forward, and the pullback of cotangents, side by
// side. The same code serves activations (N examples, K cotangents each) and arrays that are made of
// parameters alone (one "example" that all share).
internal import Diagnostics
internal import Tensors

/// A bound operator with one output.
///
/// Arrays are example-major: example n of an input starts `exampleStride · n` elements into it,
/// example n of the output starts n · (output slab). Cotangents of the output are `[N, K, slab]`.
protocol Operator: AnyObject {
  /// Whether cotangents can be pulled back to an input; false for masks, indices and statistics.
  func isDifferentiable(_ input: Int) -> Bool
  /// The arrays of the forward pass that pulling back to an input reads again.
  func rereads(_ input: Int) -> Rereads
  /// Whether `PullBack.target` may be the very memory of `PullBack.deltas`.
  func pullsBackInPlace(_ input: Int) -> Bool
  /// Elements between the parts that two examples read of an input, 0 if they read the same: an
  /// array made of parameters may have a row per example without being an activation.
  func exampleStride(_ input: Int) -> Int
  /// Computes the output for all examples.
  func forward(_ arrays: Arrays)
  /// Computes Jᵀδ with respect to one input, for a range of examples.
  func pullBack(_ pull: PullBack)
}

extension Operator {
  func isDifferentiable(_ input: Int) -> Bool { true }
  func pullsBackInPlace(_ input: Int) -> Bool { false }
  func exampleStride(_ input: Int) -> Int { 0 }
}

/// The arrays of one operator in a forward pass.
struct Arrays {
  let inputs: [UnsafeMutablePointer<Float>]
  let output: UnsafeMutablePointer<Float>
}

/// Arrays of the forward pass that must still be there in the backward pass.
struct Rereads {
  var inputs: [Int] = []
  var output = false

  /// Of an operator linear in its first two inputs, which may add a third.
  static func bilinear(_ input: Int) -> Rereads {
    switch input {
    case 0: Rereads(inputs: [1])
    case 1: Rereads(inputs: [0])
    default: Rereads()
    }
  }
}

/// One request for Jᵀδ.
struct PullBack {
  let input: Int
  let examples: Range<Int>
  /// K.
  let count: Int
  let arrays: Arrays
  /// `[examples, K, output slab]`.
  let deltas: UnsafeMutablePointer<Float>
  /// `[examples, K, input slab]`.
  let target: UnsafeMutablePointer<Float>
  /// Whether to add to the target rather than to set it.
  let accumulates: Bool

  /// Zeroes the target unless it is to be added to: for pullbacks that only ever add.
  func clearTarget(slab: Int) {
    if !accumulates { target.update(repeating: 0, count: examples.count * count * slab) }
  }
}

/// An input as an operator sees it: one example's shape, and where each example's part starts.
struct Operand {
  let shape: [Int]
  /// Elements from one example's part to the next one's; 0 when all examples share the array.
  let exampleStride: Int

  var count: Int { shape.reduce(1, *) }

  /// Row-major strides of one example's part.
  var strides: [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    return strides
  }
}

/// An array that a node reads, before the operator decides how it lies against the examples.
struct Term {
  enum Source {
    /// An index into the binder's storages.
    case storage(Int)
    case constant(FloatBuffer)
  }

  let source: Source
  let shape: Shape
  /// Whether each example has its own part of it.
  let isBatched: Bool
  /// The product of the extents before the examples: 1 where they come first.
  var outer = 1

  /// The same memory in another shape of the same count.
  func reshaped(_ shape: Shape) -> Term {
    Term(source: source, shape: shape, isBatched: isBatched, outer: outer)
  }
}

/// What an operator is made from: its node, its inputs, its output's shape and how many examples.
struct Frame {
  let site: NodeSite
  let terms: [Term]
  let output: Shape
  /// N, or 1 for an array made of parameters alone.
  let examples: Int
  /// Memory that all operators of the network share.
  let scratch: Scratch
  /// The product of the output's extents before the examples.
  var outer = 1

  /// Where the output's examples are.
  var place: ExamplePlace? {
    examples > 1 ? ExamplePlace(output, outer: outer, examples: examples) : nil
  }

  /// One example's part of the output.
  var outputSlab: [Int] {
    place.map { $0.slab(output, examples: examples) } ?? output.dimensions
  }

  /// The axis of an input along which its examples lie; nil for one that all share.
  func exampleAxis(_ input: Int) -> Int? { terms[input].place(examples: examples)?.axis }

  /// An input that may be broadcast against the output: its part per example when its examples lie
  /// along the output's, the whole of it when all share it.
  func broadcast(_ input: Int) throws(Problem) -> Operand {
    let term = terms[input]
    guard let place else {
      return Operand(
        shape: term.shape.dimensions, exampleStride: term.isBatched ? term.shape.count : 0)
    }
    let axis = place.axis - (output.rank - term.shape.rank)
    let isAlong = axis >= 0 && term.shape.dimensions[axis] == output.dimensions[place.axis]
    if term.isBatched {
      guard isAlong, term.place(examples: examples) == ExamplePlace(axis: axis, lead: place.lead)
      else { throw site.examplesMoved() }
    } else {
      guard isAlong else {
        // Along the examples it has one entry, or its axes lie behind them.
        guard axis < 0 || term.shape.dimensions[axis] == 1 else { throw site.examplesMoved() }
        return Operand(shape: term.shape.dimensions, exampleStride: 0)
      }
      // An array made of parameters may have a row per example, if they come first.
      guard term.shape.dimensions[..<axis].allSatisfy({ $0 == 1 }), place.lead == 1 else {
        throw site.examplesMoved()
      }
    }
    let shape = ExamplePlace(axis: axis, lead: place.lead).slab(term.shape, examples: examples)
    return Operand(shape: shape, exampleStride: shape.reduce(1, *))
  }

  /// One example's part of an input (or all of one that all share).
  func leading(_ input: Int) throws(Problem) -> Operand {
    let term = terms[input]
    guard term.isBatched else {
      return Operand(shape: term.shape.dimensions, exampleStride: 0)
    }
    var shape = term.shape.dimensions
    if examples > 1 {
      guard let place = term.place(examples: examples) else { throw site.examplesMoved() }
      shape = place.slab(term.shape, examples: examples)
    }
    return Operand(shape: shape, exampleStride: shape.reduce(1, *))
  }

  /// An input that all examples share: a weight.
  func shared(_ input: Int) throws(Problem) -> Operand {
    let term = terms[input]
    guard !term.isBatched || examples == 1 else { throw site.examplesMoved() }
    return Operand(shape: term.shape.dimensions, exampleStride: 0)
  }
}
