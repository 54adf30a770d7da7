// Times every way to the squared norms of a small graph's gradients: a development tool of etc/bench.
internal import Diagnostics
internal import Glibc
internal import Networks
internal import Tensors

/// `norm-timer EXAMPLES GRAPH…` prints, for each graph of one layer, `graph way seconds`: of the
/// backward pass for one example, on one thread, the least of several passes over EXAMPLES of them.
@main
enum NormTimer {
  private static let passes = 7

  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    guard let examples = arguments.first.flatMap({ Int($0) }), examples > 0 else {
      complain("norm-timer: say how many examples, then the graphs")
      exit(64)
    }
    for path in arguments.dropFirst() {
      do throws(Problem) {
        for choice in NormChoice.allCases {
          print("\(path) \(choice.rawValue) \(try seconds(path, examples, choice))")
        }
      } catch {
        complain(error.description)
        exit(1)
      }
    }
  }

  private static func seconds(
    _ path: String, _ examples: Int, _ choice: NormChoice
  ) throws(Problem) -> Double {
    let graph = try Graph.parse(read(path), path: path)
    var noise = Noise()
    var parameters: [String: Tensor] = [:]
    for weight in graph.weights { parameters[weight.name] = noise.tensor(weight.shape) }
    var inputs: [String: BatchArray] = [:]
    for input in graph.inputs {
      let shape = Shape([examples] + input.dimensions.dropFirst().map { $0 ?? 1 })
      inputs[input.name] = .real(noise.tensor(shape))
    }
    let network = try Network(
      graph: graph, parameters: parameters, inputs: inputs, norms: choice)
    let outputs = try network.forward()
    let cotangents = noise.tensor(Shape([outputs.count])).values
    var best = Double.infinity
    for _ in 0..<passes {
      let start = ContinuousClock.now
      try network.backward(cotangents: cotangents, count: 1, reader: NormsOnly())
      let taken = ContinuousClock.now - start
      best = min(
        best, Double(taken.components.attoseconds) * 1e-18 + Double(taken.components.seconds))
    }
    return best / Double(examples)
  }

  private static func complain(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = Glibc.write(2, line, line.count)
  }

  private static func read(_ path: String) throws(Problem) -> [UInt8] {
    guard let file = fopen(path, "rb") else {
      throw Problem("missing-file", at: path, "it cannot be opened", remedy: "name a graph")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&block, 1, block.count, file), count > 0 {
      bytes += block[..<count]
    }
    return bytes
  }
}

/// Takes squared norms and forgets them.
private final class NormsOnly: GradientReader {
  let entryRows = 0
  func read(parameter: Int, examples: Range<Int>, rows: Int, entries: UnsafePointer<Float>) {}
  func read(parameter: Int, outer: OuterGradients) {}
  func read(parameter: Int, examples: Range<Int>, squares: UnsafePointer<Double>) {}
}

/// Numbers between −1 and 1, the same in every run.
private struct Noise {
  private var state: UInt64 = 1

  mutating func tensor(_ shape: Shape) -> Tensor {
    Tensor(
      shape: shape,
      values: (0..<shape.count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(state >> 40) * 0x1p-23 - 1
      })
  }
}
