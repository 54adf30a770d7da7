// Folding while binding: a node whose inputs are all known becomes known, unless that would move
// examples off the first axis. Shapes are known even of arrays that are not.
internal import Diagnostics
internal import Tensors

extension Binder {
  /// Operators whose result follows from attributes or shapes.
  static let foldedByShape: Set<String> = ["CastLike", "Constant", "EyeLike", "Shape", "Size"]

  /// Folds a node if it can be folded.
  func fold(_ site: NodeSite) throws(Problem) -> Bool {
    switch site.node.operation {
    case "Constant":
      set(site, .known(try constant(site), isBatched: false))
      return true
    case "Shape":
      set(site, .known(try shapeArray(site), isBatched: false))
      return true
    case "Size":
      let count = try shape(site, 0).count
      set(
        site,
        .known(
          HostArray(shape: Shape([]), type: .int64, integers: [Int64(count)]), isBatched: false))
      return true
    case "EyeLike":
      var like = HostArray(shape: try shape(site, 0), reals: [])
      if case .known(let array, _) = try value(site, 0) { like = array }
      let known = HostCall(site: site, inputs: [like])
      set(site, .known(try HostGeneration.eyeLike(known)[0], isBatched: false))
      return true
    case "CastLike":
      // Only the second input's type matters, and it is known to be real if its values are not.
      guard case .known(let array, let isBatched) = try value(site, 0) else { return false }
      var type = ONNXType.float
      if case .known(let other, _) = try value(site, 1) { type = other.type }
      set(site, .known(array.cast(to: type), isBatched: isBatched))
      return true
    default: break
    }
    guard let operation = hostOperations[site.node.operation] else { return false }
    var inputs: [HostArray?] = []
    var isBatched: [Bool] = []
    for index in site.node.inputs.indices {
      switch try optionalValue(site, index) {
      case nil:
        inputs.append(nil)
        isBatched.append(false)
      case .known(let array, let batched):
        inputs.append(array)
        isBatched.append(batched)
      default: return false
      }
    }
    if case .tensor(let value)? = site.node.attributes["value"] {
      // ConstantOfShape takes its value as an attribute, read here because it needs the graph.
      inputs.append(try value.decoded(in: graph))
      isBatched.append(false)
    }
    var known = site
    known.largest = NodeSite.largestKnownArray
    let results = try operation(HostCall(site: known, inputs: inputs))
    if exampleCount > 1, isBatched.contains(true) {
      for result in results {
        guard keepsExamplesFirst(site, inputs: inputs, isBatched: isBatched, result: result.shape)
        else { throw site.examplesMoved() }
      }
    }
    for (index, result) in results.enumerated() {
      set(site, .known(result, isBatched: isBatched.contains(true)), output: index)
    }
    return true
  }

  private func constant(_ site: NodeSite) throws(Problem) -> HostArray {
    for (name, attribute) in site.node.attributes {
      switch (name, attribute) {
      case ("value", .tensor(let tensor)): return try tensor.decoded(in: graph)
      case ("value_int", .integer(let value)):
        return HostArray(shape: Shape([]), type: .int64, integers: [value])
      case ("value_ints", .integers(let values)):
        return HostArray(shape: try site.shape([values.count]), type: .int64, integers: values)
      case ("value_float", .float(let value)):
        return HostArray(shape: Shape([]), reals: [Double(value)])
      case ("value_floats", .floats(let values)):
        return HostArray(
          shape: try site.shape([values.count]), reals: values.map { Double($0) })
      default: continue
      }
    }
    throw site.unsupported("a constant without a numeric value")
  }

  /// Shape with its optional bounds, which clamp.
  private func shapeArray(_ site: NodeSite) throws(Problem) -> HostArray {
    let dimensions = try shape(site, 0).dimensions
    let rank = dimensions.count
    func clamp(_ bound: Int) -> Int { min(max(bound < 0 ? bound + rank : bound, 0), rank) }
    let start = clamp(try site.integer("start", default: 0))
    let end = clamp(try site.integer("end", default: rank))
    let part = start < end ? dimensions[start..<end].map { Int64($0) } : []
    return HostArray(shape: Shape([part.count]), type: .int64, integers: part)
  }

  /// Whether example n of the result still is part n of its first axis, for a result computed from
  /// an input that has examples. Operators that are not listed are taken not to.
  private func keepsExamplesFirst(
    _ site: NodeSite, inputs: [HostArray?], isBatched: [Bool], result: Shape
  ) -> Bool {
    guard let first = result.dimensions.first, first % exampleCount == 0 else { return false }
    func axis(_ value: Int64?) -> Int { Int(value ?? 0) }
    func isAlongExamples(_ axis: Int, rank: Int) -> Bool { axis == 0 || axis == -rank }
    let rank = inputs.first.flatMap { $0?.shape.rank } ?? 0
    switch site.node.operation {
    case _ where HostElementwise.operations.contains(site.node.operation):
      return inputs.indices.allSatisfy { index in
        !isBatched[index] || inputs[index]?.shape.rank == result.rank
      }
    case let name where name.hasPrefix("Reduce"):
      var axes: [Int64] = inputs.count > 1 ? inputs[1]?.integers ?? [] : []
      if case .integers(let list)? = site.node.attributes["axes"] { axes = list }
      return !axes.isEmpty && !axes.contains { isAlongExamples(Int($0), rank: rank) }
    case "ArgMax", "ArgMin":
      guard case .integer(let value)? = site.node.attributes["axis"] else { return false }
      return !isAlongExamples(Int(value), rank: rank)
    case "OneHot", "TopK", "ScatterElements", "GatherElements":
      var along: Int64 = site.node.operation.contains("Elements") ? 0 : -1
      if case .integer(let value)? = site.node.attributes["axis"] { along = value }
      return result.rank > 1 && !isAlongExamples(Int(along), rank: result.rank)
    case "Tile": return inputs[1]?.integers?.first == 1
    case "GatherND":
      guard case .integer(let value)? = site.node.attributes["batch_dims"], value > 0 else {
        // Rows of a shared table, picked per example.
        return !isBatched[0]
      }
      return true
    case "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze": return true
    case "Transpose":
      guard case .integers(let permutation)? = site.node.attributes["perm"] else { return false }
      return permutation.first == 0
    case "Concat", "Split", "Trilu":
      if site.node.operation == "Trilu" { return result.rank > 2 }
      guard case .integer(let value)? = site.node.attributes["axis"] else { return false }
      return value > 0 || (value < 0 && Int(value) + result.rank > 0)
    case "CumSum":
      let value = axis(inputs[1]?.integers?.first)
      return value > 0 || (value < 0 && value + result.rank > 0)
    case "Slice": return inputs[0]?.shape.dimensions.first == first
    case "Gather":
      var along = 0
      if case .integer(let value)? = site.node.attributes["axis"] { along = Int(value) }
      // Either rows of a shared table are picked per example, or entries within each example.
      let rank = inputs[0]?.shape.rank ?? 0
      let isFirst = along == 0 || along == -rank
      return isFirst ? !isBatched[0] : isBatched[0] && !isBatched[1]
    default: return false
    }
  }
}
