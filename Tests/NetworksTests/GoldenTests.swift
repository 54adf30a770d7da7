import Diagnostics
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// A network as PyTorch exported it, with PyTorch's own float64 results (Fixtures/generate.py).
struct GoldenFixture {
  struct Index: Decodable {
    struct Array: Decodable {
      let name: String
      let shape: [Int]
    }
    let tokens: Bool
    let arrays: [Array]
  }

  let graph: Graph
  let hasTokens: Bool
  let arrays: [String: Tensor]
  /// The `state_dict`'s names, in its order.
  let state: [String]

  init(_ name: String) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures")
    func read(_ suffix: String) throws -> Data {
      try Data(contentsOf: folder.appendingPathComponent(name + suffix))
    }
    graph = try Graph.parse([UInt8](read(".onnx")), path: name + ".onnx")
    let index = try JSONDecoder().decode(Index.self, from: read(".json"))
    hasTokens = index.tokens
    let bytes = try read(".bin")
    var offset = 0
    var arrays: [String: Tensor] = [:]
    for array in index.arrays {
      let shape = Shape(array.shape)
      let values: [Float] = bytes.withUnsafeBytes { all in
        (0..<shape.count).map {
          all.loadUnaligned(fromByteOffset: offset + 4 * $0, as: Float.self)
        }
      }
      offset += 4 * shape.count
      arrays[array.name] = Tensor(shape: shape, values: values)
    }
    self.arrays = arrays
    state = index.arrays.map(\.name).filter { $0.hasPrefix("state.") }.map {
      String($0.dropFirst(6))
    }
  }

  func array(_ name: String) throws -> Tensor { try #require(arrays[name], "\(name)") }

  /// The checkpoint's names for the graph's weights.
  func binding() throws -> NameBinding {
    try NameBinding(
      graph: graph,
      checkpoint: state.map { name in (name, arrays["state." + name]?.shape ?? Shape([])) },
      place: "golden")
  }

  /// The network over the whole batch.
  func network() throws -> Network {
    let names = try binding().checkpointNames
    var parameters: [String: Tensor] = [:]
    for (graphName, name) in names { parameters[graphName] = try array("state." + name) }
    let input = try array("input")
    let batch: BatchArray =
      hasTokens
      ? .integer(IntegerTensor(shape: input.shape, values: input.values.map { Int64($0) }))
      : .real(input)
    return try Network(
      graph: graph, parameters: parameters, inputs: ["input": batch], checkpointNames: names)
  }
}

@Suite("Networks against PyTorch in double precision")
struct GoldenTests {
  @Test("output and per-example gradients", arguments: ["residual", "language"])
  func agrees(_ name: String) throws {
    let fixture = try GoldenFixture(name)
    let names = try fixture.binding().checkpointNames
    let network = try fixture.network()
    let output = try network.forward()
    // Single precision against double: 1e-5 of the largest output, 1e-4 of a tensor's largest gradient.
    try expectClose(output, fixture.array("output").values, 1e-5, "\(name): output")
    let cotangents = try fixture.array("cotangents")
    let count = cotangents.shape.dimensions[1]
    let found = try gradients(network, cotangents: cotangents.values, count: count)
    let expected = fixture.arrays.keys.filter { $0.hasPrefix("gradient.") }
    #expect(Set(found.keys.map { "gradient." + (names[$0] ?? "") }) == Set(expected))
    for (parameter, examples) in found {
      let reference = try fixture.array("gradient." + (names[parameter] ?? ""))
      try expectClose(
        examples.flatMap { $0 }, reference.values, 1e-4, "\(name): gradient of \(parameter)")
    }
  }

  private func expectClose(
    _ found: [Float], _ expected: [Float], _ tolerance: Float, _ what: String
  ) throws {
    try #require(found.count == expected.count, "\(what)")
    let scale = expected.map(\.magnitude).max() ?? 0
    let worst = zip(found, expected).map { ($0 - $1).magnitude }.max() ?? 0
    #expect(worst <= tolerance * scale, "\(what): off by \(worst) of \(scale)")
  }

  @Test("layers in forward order, and the connections between them")
  func flow() throws {
    let network = try GoldenFixture("residual").network()
    #expect(network.outputShape == Shape([3]))
    #expect(network.layers.map(\.name) == ["stem", "bn", "grouped", "down", "fc1", "fc2"])
    #expect(
      network.layers.map(\.kind) == ["Conv", "BatchNormalization", "Conv", "Conv", "Gemm", "Gemm"])
    // The residual sum gives `down` two sources.
    let edges = network.connections.map { [$0.from, $0.to] }
    #expect(edges == [[0, 1], [1, 2], [1, 3], [2, 3], [3, 4], [4, 5]])
    _ = try network.forward()
    #expect(network.recording(ofLayer: 3).shape == Shape([3, 6 * 3 * 3]))
    #expect(network.recording(ofLayer: 4).shape == Shape([3, 5]))

    let language = try GoldenFixture("language").network()
    #expect(language.outputShape == Shape([5, 7]))
    #expect(
      language.layers.map(\.name) == [
        "wte", "wpe", "blocks.0.ln_1", "blocks.0.qkv", "blocks.0.proj", "blocks.0.ln_2",
        "blocks.0.up", "blocks.0.down", "ln_f",
      ])
    #expect(try GoldenFixture("language").binding().notes.map(\.code) == ["name-by-shape"])
  }

  @Test("a cut or flipped export never crashes", arguments: ["residual", "language"])
  func hostile(_ name: String) throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/\(name).onnx")
    let file = [UInt8](try Data(contentsOf: url))
    let fixture = try GoldenFixture(name)
    let names = try fixture.binding().checkpointNames
    var parameters: [String: Tensor] = [:]
    for (graphName, stored) in names {
      parameters[graphName] = try fixture.array("state." + stored)
    }
    let input = try fixture.array("input")
    let batch: BatchArray =
      fixture.hasTokens
      ? .integer(IntegerTensor(shape: input.shape, values: input.values.map { Int64($0) }))
      : .real(input)
    let seed: UInt64 = 17
    var random = Seeded(seed: seed)
    var refusals = 0
    for attempt in 0..<400 {
      var damaged = file
      let place = Int(random.next() % UInt64(file.count))
      if attempt % 4 == 0 {
        damaged.removeSubrange(place...)
      } else {
        damaged[place] ^= UInt8(truncatingIfNeeded: random.next() | 1)
      }
      do throws(Problem) {
        let network = try Network(
          graph: try Graph.parse(damaged, path: name), parameters: parameters,
          inputs: ["input": batch])
        _ = try network.forward()
      } catch { refusals += 1 }
    }
    #expect(refusals > 100, "seed \(seed)")
  }
}
