// The graph of objects beside the variables of a TensorFlow 2 checkpoint
// (tensorflow/core/protobuf/trackable_object_graph.proto): which object holds which variable under
// which name, and which of an optimizer's variables belong to which weight.
internal import Diagnostics

struct ObjectGraph {
  struct Node {
    var children: [(name: String, node: Int)] = []
    /// The key of its value in the bundle, and the variable's own name; nil when it holds none.
    var variable: (key: String, fullName: String)?
    /// Of an optimizer: the weight, the slot's name and the slot's variable.
    var slots: [(weight: Int, slot: String, variable: Int)] = []

    func child(_ name: String) -> Int? { children.first { $0.name == name }?.node }
  }

  private(set) var nodes: [Node] = []

  private static let mostNodes = 1_000_000
  private static let deepest = 64

  init(_ fields: ProtobufFields, _ complaint: Complaint) throws(Problem) {
    var fields = fields
    while let (number, value) = try fields.next() {
      guard number == 1, case .bytes(let range) = value else { continue }
      guard nodes.count < Self.mostNodes else { throw complaint.tooLarge("its graph of objects") }
      nodes.append(try Self.node(fields.nested(range)))
    }
    let count = nodes.count
    let isSound = nodes.allSatisfy { node in
      node.children.allSatisfy { $0.node < count }
        && node.slots.allSatisfy { $0.weight < count && $0.variable < count }
    }
    guard isSound else { throw complaint.bad("its graph of objects names one that is not there") }
  }

  private static func node(_ fields: ProtobufFields) throws(Problem) -> Node {
    var fields = fields
    var node = Node()
    while let (number, value) = try fields.next() {
      guard case .bytes(let range) = value else { continue }
      var inner = fields.nested(range)
      switch number {
      case 1:
        let (texts, numbers) = try Self.fields(&inner)
        node.children.append((texts[2] ?? "", numbers[1] ?? 0))
      case 2:
        let (texts, _) = try Self.fields(&inner)
        if texts[1] == "VARIABLE_VALUE", let key = texts[3] {
          node.variable = (key, texts[2] ?? "")
        }
      case 3:
        let (texts, numbers) = try Self.fields(&inner)
        node.slots.append((numbers[1] ?? 0, texts[2] ?? "", numbers[3] ?? 0))
      default: break
      }
    }
    return node
  }

  private static func fields(
    _ fields: inout ProtobufFields
  ) throws(Problem) -> (texts: [Int: String], numbers: [Int: Int]) {
    var texts: [Int: String] = [:]
    var numbers: [Int: Int] = [:]
    while let (number, value) = try fields.next() {
      switch value {
      case .bytes(let range): texts[number] = try fields.text(range)
      case .number(let value): numbers[number] = try fields.size(value)
      case .fixed: break
      }
    }
    return (texts, numbers)
  }

  /// Whether a node is an optimizer, of any generation of Keras.
  func isOptimizer(_ index: Int) -> Bool {
    let node = nodes[index]
    return !node.slots.isEmpty
      || (node.child("_iterations") ?? node.child("iterations")) != nil
      || node.child("iter") != nil && node.child("learning_rate") != nil
  }

  var optimizers: [Int] { nodes.indices.filter(isOptimizer) }

  /// The names on the shortest way from the root to each variable, the earlier child first: as
  /// TensorFlow itself makes its keys. Ways deeper than 64 are left out.
  ///
  /// - Parameter throughOptimizers: also those that an optimizer holds.
  func ways(throughOptimizers: Bool) -> [Int: [String]] {
    guard !nodes.isEmpty else { return [:] }
    var from: [Int: (node: Int, name: String, depth: Int)] = [:]
    var queue = [0]
    var next = 0
    var seen: Set<Int> = [0]
    while next < queue.count {
      let index = queue[next]
      next += 1
      let depth = (from[index]?.depth ?? 0) + 1
      guard depth <= Self.deepest, index == 0 || throughOptimizers || !isOptimizer(index) else {
        continue
      }
      for (name, child) in nodes[index].children where seen.insert(child).inserted {
        from[child] = (index, name, depth)
        queue.append(child)
      }
    }
    var ways: [Int: [String]] = [:]
    for index in queue where nodes[index].variable != nil {
      var way: [String] = []
      var at = index
      while let step = from[at] {
        way.append(step.name)
        at = step.node
      }
      ways[index] = way.reversed()
    }
    return ways
  }

  /// The variables of a list such as `_velocities`, in its order; nil where there is no such list.
  func list(_ name: String, of index: Int) -> [Int]? {
    guard let list = nodes[index].child(name) else { return nil }
    let numbered = nodes[list].children.compactMap { child in
      Int(child.name).map { (number: $0, node: child.node) }
    }
    return numbered.sorted { $0.number < $1.number }.map(\.node)
  }
}
