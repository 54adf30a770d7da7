import Foundation
import Information
import Networks
import Tensors
import Testing

/// Against the formulas of the Task2Vec code in float64 (Fixtures/task2vec.py), and against
/// themselves.
@Suite struct TaskDistanceTests {
  struct Golden: Decodable {
    let examples: Int
    let inputs: Int
    let hidden: Int
    let classes: Int
    let toleranceNats: Double
    let input: [Float]
    let tasks: [Task]
    let symmetric: Double
    let asymmetric: [Double]
    let costBits: [[Double]]

    struct Task: Decodable {
      let weights: [String: [Float]]
      let embedding: [Double]
      let fromTrivial: Double
    }

    static func load() throws -> Golden {
      let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      let data = try Data(contentsOf: folder.appendingPathComponent("Fixtures/task2vec.json"))
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(Golden.self, from: data)
    }
  }

  private func network(_ golden: Golden, _ task: Golden.Task) throws -> CurvedNetwork {
    let shapes = [
      "fc1.weight": [golden.hidden, golden.inputs], "fc1.bias": [golden.hidden],
      "fc2.weight": [golden.classes, golden.hidden], "fc2.bias": [golden.classes],
    ]
    var weights: [String: Tensor] = [:]
    for (name, values) in task.weights {
      weights[name] = Tensor(shape: Shape(shapes[name] ?? []), values: values)
    }
    let model = Perceptron(
      positions: 1, inputs: golden.inputs, hidden: golden.hidden, classes: golden.classes,
      input: golden.input, weights: weights, isSequence: false)
    let estimator = FisherEstimator(task: .classification, labels: .exact, targets: nil)
    let estimate = try estimator.estimate(examples: golden.examples) { (range) in
      model.network(range)
    }
    return CurvedNetwork(
      layers: estimate.layers.map(\.name),
      parameters: try estimate.parameters.map { parameter in
        CurvedNetwork.Parameter(
          name: parameter.name, layer: parameter.layer, shape: parameter.shape,
          weights: try #require(weights[parameter.name]).values,
          curvature: try #require(parameter.diagonal))
      })
  }

  private func information(_ network: CurvedNetwork) throws -> WeightInformation {
    try #require(
      WeightInformation.at(toleranceNats: 0.01, layers: network.weightedLayers).value)
  }

  /// GPT-2 stores its matrices input by output; of the square ones the others' biases tell.
  @Test func squareMatricesAreAsTheOthers() throws {
    func filters(_ wide: [Int]) -> [Double]? {
      func parameter(_ name: String, _ layer: Int, _ dimensions: [Int]) -> CurvedNetwork.Parameter {
        let shape = Shape(dimensions)
        return CurvedNetwork.Parameter(
          name: name, layer: layer, shape: shape,
          weights: [Float](repeating: 1, count: shape.count),
          curvature: (0..<shape.count).map { Float($0) })
      }
      let network = CurvedNetwork(
        layers: ["wide", "square", "head"],
        parameters: [
          parameter("wide.weight", 0, wide), parameter("wide.bias", 0, [6]),
          parameter("square.weight", 1, [2, 2]), parameter("square.bias", 1, [2]),
          parameter("head.weight", 2, [3, 2]),
        ])
      return TaskEmbedding(network, information: nil).layers.first { $0.name == "square" }?.filters
    }
    // [[0, 1], [2, 3]], by columns and by rows.
    #expect(filters([2, 6]) == [1, 2])
    #expect(filters([6, 2]) == [0.5, 2.5])
  }

  @Test func agreesWithTask2Vec() throws {
    let golden = try Golden.load()
    let networks = try golden.tasks.map { try network(golden, $0) }
    let informations = try networks.map { try information($0) }
    let embeddings = zip(networks, informations).map { TaskEmbedding($0, information: $1) }
    for (embedding, task) in zip(embeddings, golden.tasks) {
      #expect(embedding.layers.map(\.name) == ["fc1"])
      let filters = embedding.layers.flatMap(\.filters)
      #expect(filters.count == task.embedding.count)
      for (a, b) in zip(filters, task.embedding) { #expect(close(a, b, 1e-5)) }
      let complexity = try #require(TaskDistance.fromTrivial(embedding.layers).value)
      #expect(close(complexity, task.fromTrivial, 1e-4))
    }
    let (a, b) = (embeddings[0].layers, embeddings[1].layers)
    let distance = TaskDistance.symmetric(a.flatMap(\.filters), b.flatMap(\.filters))
    #expect(close(try #require(distance.value), golden.symmetric, 1e-5))
    for (layers, wanted) in zip([a, b], golden.asymmetric) {
      let asymmetric = TaskDistance.asymmetric(
        symmetric: distance, fromTrivial: TaskDistance.fromTrivial(layers))
      #expect(close(try #require(asymmetric.value), wanted, 1e-4))
    }
    for (start, wanted) in golden.costBits.enumerated() {
      let costs = FineTuningCost.bits(
        from: networks[start], informations[start], to: networks[1 - start],
        informations[1 - start])
      for (cost, bits) in zip(costs, wanted) {
        #expect(close(try #require(cost.value), bits, 1e-4))
      }
    }
  }

  @Test func aTaskIsNoDistanceFromItself() throws {
    let golden = try Golden.load()
    let network = try network(golden, golden.tasks[0])
    let information = try information(network)
    let filters = TaskEmbedding(network, information: information).layers.flatMap(\.filters)
    #expect(try #require(TaskDistance.symmetric(filters, filters).value) < 1e-12)
    // The scale of one embedding alone is no distance either: 2F/(3F) against F/(3F).
    #expect(
      try #require(TaskDistance.symmetric(filters, filters.map { 2 * $0 }).value) < 1e-12)
    for cost in FineTuningCost.bits(from: network, information, to: network, information) {
      #expect(try #require(cost.value) < 1e-9)
    }
  }

  /// Filters that are needed by one task each are as far apart as can be.
  @Test func disjointTasksAreFarApart() {
    #expect(TaskDistance.symmetric([1, 0, 0], [0, 3, 0]).value == 1)
    #expect(TaskDistance.symmetric([0, 0], [0, 1]).reason == "the loss has no curvature in it")
    #expect(TaskDistance.symmetric([1], [1, 2]).reason == "1 filters against 2")
    #expect(
      TaskDistance.symmetric([.nan], [1]).reason
        == "a filter's curvature is not finite and positive")
  }

  /// A matrix stored input by output has its filters in the columns, as the bias beside it tells; the
  /// classifier and biases are no filters, a normalisation's scale is.
  @Test func filtersAreOutputUnits() {
    func parameter(
      _ name: String, _ layer: Int, _ shape: [Int], _ curvature: [Float],
      unitAxes: Range<Int>? = nil
    ) -> CurvedNetwork.Parameter {
      CurvedNetwork.Parameter(
        name: name, layer: layer, shape: Shape(shape), weights: curvature, curvature: curvature,
        unitAxes: unitAxes)
    }
    let network = CurvedNetwork(
      layers: ["rows", "columns", "norm", "kernel", "heads", "head"],
      parameters: [
        parameter("rows.weight", 0, [2, 3], [1, 2, 3, 4, 5, 6]),
        parameter("rows.bias", 0, [2], [9, 9]),
        parameter("columns.weight", 1, [2, 3], [1, 2, 3, 4, 5, 6]),
        parameter("columns.bias", 1, [3], [9, 9, 9]),
        parameter("norm.weight", 2, [2], [7, 8]),
        parameter("norm.bias", 2, [2], [9, 9]),
        parameter("kernel.weight", 3, [2, 1, 2], [1, 3, 5, 9]),
        parameter("heads.kernel", 4, [2, 1, 3], [1, 2, 3, 5, 6, 7], unitAxes: 1..<3),
        parameter("heads.bias", 4, [1, 3], [9, 9, 9]),
        parameter("head.weight", 5, [2, 2], [1, 1, 1, 1]),
      ], curvatureScale: 0.5)
    let embedding = TaskEmbedding(network, information: nil)
    #expect(network.classifier == 5)
    #expect(embedding.layers.map(\.name) == ["rows", "columns", "norm", "kernel", "heads"])
    #expect(
      embedding.layers.map(\.filters)
        == [[1, 2.5], [1.25, 1.75, 2.25], [3.5, 4], [1, 3.5], [1.5, 2, 2.5]])
    #expect(
      TaskDistance.fromTrivial(embedding.layers).reason
        == "no layer holds information at the tolerance")
  }

  /// Without a head of its own a network has no classifier.
  @Test func aNormalisationIsNoClassifier() {
    let network = CurvedNetwork(
      layers: ["norm"],
      parameters: [
        .init(name: "norm.weight", layer: 0, shape: Shape([1]), weights: [1], curvature: [1])
      ])
    #expect(network.classifier == nil)
  }

  @Test func costsSayWhatIsMissing() throws {
    let golden = try Golden.load()
    let full = try network(golden, golden.tasks[0])
    let flat = CurvedNetwork(
      layers: full.layers,
      parameters: full.parameters.map {
        .init(
          name: $0.name, layer: $0.layer, shape: $0.shape, weights: $0.weights,
          curvature: $0.layer == 0 ? $0.curvature.map { _ in 0 } : $0.curvature)
      })
    let costs = FineTuningCost.bits(
      from: full, try information(full), to: flat, try information(flat))
    #expect(
      costs[0].reason == "its noise is not defined: the loss has no curvature in it")
    #expect(costs[1].value != nil)
    let other = CurvedNetwork(layers: full.layers, parameters: [full.parameters[0]])
    let missing = FineTuningCost.bits(
      from: other, try information(other), to: full, try information(full))
    #expect(missing[0].reason == "fc1.bias is not the same parameter at both")
  }
}
