// Compares per-example gradients with fourth-order central differences, for any small graph.
import Diagnostics
import Networks
import Tensors
import TestSupport
import Testing

extension Seeded {
  /// Uniform in −1 ..< 1.
  mutating func signed() -> Float { Float(next() >> 40) * 0x1p-23 - 1 }
}

/// A network to check: the file, its parameters, its inputs.
struct CheckedGraph {
  var file: [UInt8]
  var parameters: [String: Tensor]
  var inputs: [String: BatchArray]

  func bind(
    _ parameters: [String: Tensor]? = nil, inputs: [String: BatchArray]? = nil
  ) throws -> Network {
    try Network(
      graph: try Graph.parse(file, path: "test.onnx"),
      parameters: parameters ?? self.parameters, inputs: inputs ?? self.inputs)
  }
}

/// Gradients by parameter name: `[N][K·P]`.
func gradients(
  _ network: Network, cotangents: [Float], count: Int
) throws -> [String: [[Float]]] {
  var result: [String: [[Float]]] = [:]
  for parameter in network.parameters {
    result[parameter.name] = [[Float]](repeating: [], count: network.exampleCount)
  }
  try network.backward(cotangents: cotangents, count: count) { parameter, example, values in
    let name = network.parameters[parameter].name
    #expect(result[name]?[example].isEmpty == true, "\(name) is visited twice")
    result[name]?[example] = Array(values)
  }
  return result
}

/// Checks backward against differences of forward, K = 2, and one example at a time against all.
///
/// Tolerance: 3e-3 of the largest entry of a parameter's gradient, plus 1e-4. Differences of step
/// 0.04 have an error of order h⁴ ≈ 3e-6 by truncation and 1e-7/h ≈ 3e-6 by rounding, times the
/// sizes of the function's derivatives.
func checkGradients(_ checked: CheckedGraph, name: String, seed: UInt64 = 7) throws {
  let count = 2
  let network = try checked.bind()
  let output = try network.forward()
  let isFinite = output.allSatisfy { $0.isFinite }
  #expect(isFinite, "\(name): output is not finite")
  let slab = output.count / network.exampleCount
  var random = Seeded(seed: seed)
  let cotangents = (0..<(output.count * count)).map { _ in random.signed() }
  let found = try gradients(network, cotangents: cotangents, count: count)
  // A second pass over the same memory gives the same.
  _ = try network.forward()
  let again = try gradients(network, cotangents: cotangents, count: count)
  #expect(found == again, "\(name): a second backward pass differs")
  for entryRows in 0...1 {
    try checkNorms(network, name, cotangents, found, count: count, entryRows: entryRows)
  }

  for parameter in network.parameters {
    let values = try #require(checked.parameters[parameter.name]).values
    let size = values.count
    var expected = [[Double]](
      repeating: [Double](repeating: 0, count: count * size), count: network.exampleCount)
    for index in 0..<size {
      let step: Float = 0.04
      for (multiple, weight) in [(-2, 1.0), (-1, -8.0), (1, 8.0), (2, -1.0)] {
        var moved = values
        moved[index] += Float(multiple) * step
        let exact = Double(moved[index]) - Double(values[index])
        var parameters = checked.parameters
        parameters[parameter.name] = Tensor(shape: parameter.shape, values: moved)
        let result = try checked.bind(parameters).forward()
        for n in 0..<network.exampleCount {
          for k in 0..<count {
            var dot = 0.0
            for place in 0..<slab {
              dot +=
                Double(cotangents[(n * count + k) * slab + place])
                * Double(result[n * slab + place])
            }
            expected[n][k * size + index] += weight * dot * Double(multiple) / (12 * exact)
          }
        }
      }
    }
    let scale = expected.joined().map(\.magnitude).max() ?? 0
    for n in 0..<network.exampleCount {
      let got = try #require(found[parameter.name])[n]
      #expect(got.count == count * size)
      for place in got.indices {
        let error = (Double(got[place]) - expected[n][place]).magnitude
        #expect(
          error <= 3e-3 * scale + 1e-4,
          "\(name): \(parameter.name) example \(n) entry \(place): \(got[place]), expected \(expected[n][place])"
        )
      }
    }
  }
  try checkSingleExamples(checked, name, network, output, cotangents, found, count)
}

/// Norms, by whatever way the network takes to them, are those of the gradients.
private func checkNorms(
  _ network: Network, _ name: String, _ cotangents: [Float], _ found: [String: [[Float]]],
  count: Int, entryRows: Int
) throws {
  let reader = NormReader(
    entryRows: entryRows, rows: count, counts: network.parameters.map(\.shape.count),
    examples: network.exampleCount)
  try network.backward(cotangents: cotangents, count: count, reader: reader)
  for (index, parameter) in network.parameters.enumerated() {
    for n in 0..<network.exampleCount {
      let gradients = try #require(found[parameter.name])[n]
      let size = parameter.shape.count
      for k in 0..<count {
        let row = gradients[(k * size)..<((k + 1) * size)]
        let expected = row.reduce(0) { $0 + Double($1) * Double($1) }
        let got = try #require(reader.squares[index][n * count + k], "\(name): \(parameter.name)")
        #expect(
          (got - expected).magnitude <= 1e-4 * expected + 1e-9,
          "\(name): \(parameter.name) example \(n) row \(k): norm² \(got), expected \(expected)")
      }
    }
  }
}

/// Gathers the squared norm of every gradient.
final class NormReader: GradientReader {
  let entryRows: Int
  private let rows: Int
  private let counts: [Int]
  /// By parameter, `[N, K]`; nil where none came.
  private(set) var squares: [[Double?]]

  init(entryRows: Int, rows: Int, counts: [Int], examples: Int) {
    self.entryRows = entryRows
    self.rows = rows
    self.counts = counts
    squares = counts.map { _ in [Double?](repeating: nil, count: examples * rows) }
  }

  func read(parameter: Int, examples: Range<Int>, rows: Int, entries: UnsafePointer<Float>) {
    for n in examples {
      for k in 0..<entryRows {
        let row = UnsafeBufferPointer(
          start: entries + ((n - examples.lowerBound) * rows + k) * counts[parameter],
          count: counts[parameter])
        set(parameter, n, k, row.reduce(0) { $0 + Double($1) * Double($1) })
      }
    }
  }

  func read(parameter: Int, outer: OuterGradients) {
    for n in 0..<outer.examples {
      for k in 0..<outer.rows {
        set(
          parameter, n, k,
          outer.entries(example: n, row: k).reduce(0) { $0 + Double($1) * Double($1) })
      }
    }
  }

  func read(parameter: Int, examples: Range<Int>, squares: UnsafePointer<Double>) {
    for n in examples {
      for k in entryRows..<rows {
        set(
          parameter, n, k,
          squares[(n - examples.lowerBound) * (rows - entryRows) + k - entryRows])
      }
    }
  }

  private func set(_ parameter: Int, _ n: Int, _ k: Int, _ square: Double) {
    #expect(squares[parameter][n * rows + k] == nil, "row \(k) of example \(n) comes twice")
    squares[parameter][n * rows + k] = square
  }
}

/// Binding one example alone gives that example's output and gradients, to rounding.
private func checkSingleExamples(
  _ checked: CheckedGraph, _ name: String, _ network: Network, _ output: [Float],
  _ cotangents: [Float], _ found: [String: [[Float]]], _ count: Int
) throws {
  let slab = output.count / network.exampleCount
  for n in 0..<network.exampleCount {
    let alone = try checked.bind(inputs: checked.inputs.mapValues { $0.example(n) })
    #expect(alone.requiresSingleExamples == false, "\(name)")
    let result = try alone.forward()
    #expect(result.count == slab)
    for (place, value) in result.enumerated() {
      let whole = output[n * slab + place]
      #expect((value - whole).magnitude <= 1e-5 * max(1, whole.magnitude), "\(name): output")
    }
    let part = try gradients(
      alone, cotangents: Array(cotangents[(n * count * slab)..<((n + 1) * count * slab)]),
      count: count)
    for (parameter, values) in part {
      let whole = try #require(found[parameter])[n]
      let scale = whole.map(\.magnitude).max() ?? 0
      for (place, value) in values[0].enumerated() {
        #expect(
          (value - whole[place]).magnitude <= 1e-5 * max(1, scale), "\(name): \(parameter) alone")
      }
    }
  }
}

extension BatchArray {
  /// One example, as a batch of one.
  func example(_ n: Int) -> BatchArray {
    let shape = Shape([1] + self.shape.dimensions.dropFirst())
    let part = (n * shape.count)..<((n + 1) * shape.count)
    switch self {
    case .real(let tensor): return .real(Tensor(shape: shape, values: Array(tensor.values[part])))
    case .integer(let tensor):
      return .integer(IntegerTensor(shape: shape, values: Array(tensor.values[part])))
    }
  }
}
