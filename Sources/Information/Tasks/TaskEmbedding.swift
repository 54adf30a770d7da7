// The embedding of a task by a network trained on it (measurements.md §8): Task2Vec, Achille et al.
// (2019), 1902.03545.
internal import Tensors

/// The diagonal Fisher information of every filter, the classifier left out.
///
/// As the Task2Vec code's `montecarlo` method has it: a filter is an output unit of a module's weight
/// (a row of a dense layer, a kernel of a convolution, an element of a normalisation's scale), its
/// number the mean of the diagonal over the unit's weights; biases have no part. That code squares the
/// gradient of a batch's mean loss, so that its numbers are ours divided by its batch size, which the
/// distances, ratios of two embeddings, do not see.
public struct TaskEmbedding: Sendable {
  /// One layer's filters.
  public struct Layer: Sendable {
    /// The module's name.
    public let name: String
    /// Mean diagonal curvature of the mean loss, by filter.
    public let filters: [Double]
    /// The curvature at which a weight's noise is the prior's alone, β/λ²: what a task that asks
    /// nothing of the layer has. Nil when the layer holds no information.
    public let trivial: Double?
  }

  /// In forward order, without the classifier and layers that have no filters.
  public let layers: [Layer]

  /// Embeds a network.
  ///
  /// - Parameter information: in its weights at the tolerance, for the trivial embedding.
  public init(_ network: CurvedNetwork, information: WeightInformation?) {
    let classifier = network.classifier
    let storesInputsFirst = network.storesInputsFirst
    layers = network.layers.enumerated().compactMap { index, name in
      guard index != classifier else { return nil }
      let parameters = network.parameters.filter { $0.layer == index }
      let filters = parameters.flatMap { parameter -> [Double] in
        guard parameter.isFiltering else { return [] }
        let axes =
          parameter.unitAxes
          ?? parameter.outputAxis(beside: parameters, whereSquare: storesInputsFirst ? 1 : 0)
        return parameter.filterMeans(axes: axes).map { $0 * network.curvatureScale }
      }
      guard !filters.isEmpty else { return nil }
      let trivial = information.flatMap { information in
        information.layers[index].priorVariance.map { information.beta / $0 }
      }
      return Layer(name: name, filters: filters, trivial: trivial)
    }
  }
}

extension CurvedNetwork {
  /// Whether all matrices of which the bias beside them tells are stored input by output, as GPT-2's are: of a
  /// square one it tells nothing.
  fileprivate var storesInputsFirst: Bool {
    let told = layers.indices.flatMap { layer in
      let own = parameters.filter { $0.layer == layer }
      return own.compactMap { $0.toldOutputAxis(beside: own) }
    }
    return !told.isEmpty && told.allSatisfy { $0 == 1 }
  }
}

extension CurvedNetwork.Parameter {
  /// Whether it has filters: a matrix or kernel, or the scale of a normalisation.
  fileprivate var isFiltering: Bool {
    guard shape.count > 0 else { return false }
    let leaf = name.split { $0 == "." || $0 == "/" }.last
    // A bias of several heads is a matrix.
    return shape.rank >= 2 && leaf != "bias"
      || ["weight", "gamma", "scale"].contains { leaf == $0 }
  }

  /// The axis of the output units: the first, or the second of a matrix that is stored input by output, as
  /// the bias beside it tells, or those beside other matrices.
  fileprivate func outputAxis(
    beside parameters: [CurvedNetwork.Parameter], whereSquare square: Int
  ) -> Range<Int> {
    guard shape.rank > 0 else { return 0..<0 }
    let isSquare =
      shape.rank == 2 && shape.dimensions[0] == shape.dimensions[1]
      && parameters.contains { $0.shape.rank == 1 && $0.shape.count == shape.dimensions[0] }
    let axis = toldOutputAxis(beside: parameters) ?? (isSquare ? square : 0)
    return axis..<(axis + 1)
  }

  /// The axis of a matrix that is as long as the bias beside it, where only one is.
  fileprivate func toldOutputAxis(beside parameters: [CurvedNetwork.Parameter]) -> Int? {
    guard shape.rank == 2, shape.dimensions[0] != shape.dimensions[1] else { return nil }
    let biases = parameters.filter { $0.shape.rank == 1 }.map(\.shape.count)
    let isTold = shape.dimensions.map(biases.contains)
    return isTold[0] == isTold[1] ? nil : isTold[0] ? 0 : 1
  }

  /// Mean curvature over all axes but these.
  fileprivate func filterMeans(axes: Range<Int>) -> [Double] {
    let units = shape.dimensions[axes].reduce(1, *)
    let inner = shape.dimensions[axes.upperBound...].reduce(1, *)
    var sums = [Double](repeating: 0, count: units)
    curvature.withUnsafeBufferPointer { values in
      for start in stride(from: 0, to: values.count, by: inner) {
        var sum = 0.0
        for i in start..<start + inner { sum += Double(values[i]) }
        sums[start / inner % units] += sum
      }
    }
    let share = Double(shape.count / units)
    return sums.map { $0 / share }
  }
}
