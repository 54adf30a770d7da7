// The order of `model.parameters()` where a container sorted the names: a walk through the tree of modules,
// each one's own parameters before those of its children (torch.nn.Module.named_parameters). What the
// names leave open is the order among siblings; it is taken when the shapes allow exactly one.
internal import Tensors

struct ModuleOrder {
  private struct Node {
    /// Index of a parameter; nil for a module.
    var parameter: Int?
    var children: [Int] = []
    /// Parameters in and below it.
    var count = 0
    /// Whether the order of the children is known.
    var isOrdered = false
  }

  private var nodes: [Node] = [Node()]
  private let shapes: [Shape]
  private let moments: [Shape]
  private var known: [[Int]: Found] = [:]
  private var states = 0

  private enum Found {
    case none, several
    case one([Int])
  }

  private static let mostStates = 200_000
  private static let mostSiblings = 12
  private static let deepest = 64

  /// The indices of the parameters in the optimizer's order; nil when none or several fit.
  static func unique(
    _ parameters: [(name: String, shape: Shape)], moments: [Shape]
  ) -> [Int]? {
    guard parameters.count == moments.count, !moments.isEmpty else { return nil }
    guard var order = ModuleOrder(parameters, moments),
      case .one(let indices) = order.walk(0, from: 0)
    else { return nil }
    return indices
  }

  /// Nil when the tree is too deep, or too many siblings have no known order.
  private init?(_ parameters: [(name: String, shape: Shape)], _ moments: [Shape]) {
    shapes = parameters.map(\.shape)
    self.moments = moments
    var byPath: [String: Int] = [:]
    var names: [[String]] = [[]]
    for (index, parameter) in parameters.enumerated() {
      let parts = parameter.name.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count <= Self.deepest else { return nil }
      var at = 0
      var path = ""
      for (depth, part) in parts.enumerated() {
        nodes[at].count += 1
        path += ".\(part)"
        let isLeaf = depth == parts.count - 1
        if !isLeaf, let next = byPath[path] {
          at = next
          continue
        }
        nodes.append(Node(parameter: isLeaf ? index : nil, count: isLeaf ? 1 : 0))
        nodes[at].children.append(nodes.count - 1)
        names[at].append(String(part))
        names.append([])
        if !isLeaf { byPath[path] = nodes.count - 1 }
        at = nodes.count - 1
      }
    }
    for index in nodes.indices { guard sort(index, names[index]) else { return nil } }
  }

  /// Parameters first, `weight` before `bias`; modules that are numbered in their order.
  private mutating func sort(_ index: Int, _ names: [String]) -> Bool {
    let children = nodes[index].children
    guard !children.isEmpty else { return true }
    let known = ["weight", "bias"]
    var keyed: [(key: Int, node: Int)] = []
    for (name, child) in zip(names, children) {
      let key =
        nodes[child].parameter == nil ? Int(name).map { $0 + 2 } : known.firstIndex(of: name)
      guard let key, key >= 0 else { continue }
      keyed.append((key, child))
    }
    nodes[index].isOrdered = keyed.count == children.count
    if nodes[index].isOrdered {
      nodes[index].children = keyed.sorted { $0.key < $1.key }.map(\.node)
    }
    return nodes[index].isOrdered || children.count <= Self.mostSiblings
  }

  /// The parameters below a node in the only order that fits the moments from a place on.
  private mutating func walk(_ index: Int, from start: Int) -> Found {
    if let parameter = nodes[index].parameter {
      return moments[start] == shapes[parameter] ? .one([parameter]) : .none
    }
    if let found = known[[index, start]] { return found }
    states += 1
    guard states <= Self.mostStates else { return .several }
    let found = nodes[index].isOrdered ? inOrder(index, start) : inAnyOrder(index, start)
    known[[index, start]] = found
    return found
  }

  private mutating func inOrder(_ index: Int, _ start: Int) -> Found {
    var order: [Int] = []
    var isOpen = false
    for child in nodes[index].children {
      switch walk(child, from: start + order.count) {
      case .none: return .none
      case .one(let part): order += part
      case .several:
        isOpen = true
        order += [Int](repeating: 0, count: nodes[child].count)
      }
    }
    return isOpen ? .several : .one(order)
  }

  /// Over all sets of children that may stand first: where the next one begins depends on the set only.
  private mutating func inAnyOrder(_ index: Int, _ start: Int) -> Found {
    let children = nodes[index].children
    // A module's own parameters stand before its children.
    let own = children.indices.filter { nodes[children[$0]].parameter != nil }
      .reduce(0) { $0 | 1 << $1 }
    var sets: [Found] = [.one([])]
    for set in 1..<(1 << children.count) {
      states += 1
      guard states <= Self.mostStates else { return .several }
      var found = Found.none
      for last in children.indices where set >> last & 1 == 1 {
        let before = set & ~(1 << last)
        if nodes[children[last]].parameter == nil, before & own != own { continue }
        if case .none = sets[before] { continue }
        let place = children.indices.reduce(start) {
          before >> $1 & 1 == 1 ? $0 + nodes[children[$1]].count : $0
        }
        let part = walk(children[last], from: place)
        if case .none = part { continue }
        if case .none = found, case .one(let first) = sets[before], case .one(let more) = part {
          found = .one(first + more)
        } else {
          found = .several
        }
      }
      sets.append(found)
    }
    return sets[sets.count - 1]
  }
}
