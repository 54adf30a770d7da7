// One operator in a small network: its input h = x + shift is made of a parameter, so that the
// pullback to the input shows as that parameter's gradient.
import Networks
import Tensors
import TestSupport

/// A table row: an operator applied to `h`, giving `y`.
struct OperatorCase: Sendable, CustomStringConvertible {
  let name: String
  /// One example's shape of x and h.
  let shape: [Int]
  var parameters: [String: [Int]] = [:]
  /// What the entries of x may be.
  var domain = Domain.awayFromZero
  let build: @Sendable (inout GraphBuilder) -> Void

  enum Domain: Sendable {
    /// ±{0.35, 0.6, 0.85, 1.1, 1.35}: differences stay clear of kinks at zero and at ±0.975.
    case awayFromZero
    /// ±{0.0875, 0.15, 0.2125, 0.275, 0.3375}: inside the domains of inverse functions.
    case small
    /// {0.6, 0.85, 1.1, 1.35, 1.6}
    case positive
    /// Multiples of 0.3, none twice: no ties within 0.24.
    case distinct
  }

  var description: String { name }

  /// The network: y alone, or beside h, so that h receives cotangents before the operator adds its.
  func graph(besideInput: Bool, examples: Int = 3) -> CheckedGraph {
    var builder = GraphBuilder()
    builder.input("x", [nil] + shape)
    builder.weight("pre.shift", [1] + shape)
    for (name, shape) in parameters.sorted(by: { $0.key < $1.key }) { builder.weight(name, shape) }
    builder.node("Add", ["x", "pre.shift"], ["h"])
    build(&builder)
    if besideInput {
      builder.node("Flatten", ["y"], ["y_flat"])
      builder.node("Flatten", ["h"], ["h_flat"])
      builder.node("Concat", ["y_flat", "h_flat"], ["z"], ["axis": .integer(1)])
    }
    builder.output(besideInput ? "z" : "y")
    var random = Seeded(seed: 11)
    let size = shape.reduce(1, *)
    var values: [Float] = []
    for _ in 0..<(examples * size) {
      let size: Float = 0.35 + 0.25 * Float(random.next() % 5)
      let value = domain == .positive ? size + 0.25 : (random.next() % 2 == 0 ? size : -size)
      values.append(domain == .small ? value / 4 : value)
    }
    if domain == .distinct {
      // A permutation of 0.3 · (0 ..< n), centred, within each example.
      for n in 0..<examples {
        var order = Array(0..<size)
        for index in order.indices.reversed() where index > 0 {
          order.swapAt(index, Int(random.next() % UInt64(index + 1)))
        }
        for (index, rank) in order.enumerated() {
          values[n * size + index] = 0.3 * Float(rank) - 0.15 * Float(size)
        }
      }
    }
    var tensors = ["pre.shift": [1] + shape].merging(parameters) { first, _ in first }.mapValues {
      Tensor(shape: Shape($0), values: [Float](repeating: 0, count: $0.reduce(1, *)))
    }
    for name in parameters.keys.sorted() {
      guard let tensor = tensors[name] else { continue }
      // Positive and away from zero: they also are divisors, scales and bases.
      tensors[name] = Tensor(
        shape: tensor.shape, values: tensor.values.map { _ in 0.9 + 0.4 * random.signed() })
    }
    return CheckedGraph(
      file: builder.file, parameters: tensors,
      inputs: ["x": .real(Tensor(shape: Shape([examples] + shape), values: values))])
  }
}
