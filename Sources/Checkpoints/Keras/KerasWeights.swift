// The state of a Keras 3 model: `layers/dense_1/vars/0`, and `optimizer/vars/<i>` with the iteration,
// the learning rate and the moments one after the other (keras/src/saving/saving_lib.py).
internal import Diagnostics
internal import Tensors

struct KerasWeights {
  let tree: HDF5Tree
  /// The model's tensors, numbers in their paths in numerical order.
  private(set) var tensors: [StoredTensor]
  /// The optimizer's variables in their order; empty when there are none.
  let variables: [StoredTensor]
  /// The name of the optimizer, as `adam`.
  let optimizerName: String?

  init(_ tree: HDF5Tree) {
    self.tree = tree
    let inner = "optimizer/inner_optimizer/vars"
    let place = tree.groups.contains(inner) ? inner : "optimizer/vars"
    variables = tree.tensors.filter { $0.name.hasPrefix("\(place)/") }
      .sorted { NaturalOrder.precedes($0.name, $1.name) }
    optimizerName = tree.attributes[place]?["name"]?.first
    tensors = tree.tensors.filter { !$0.name.hasPrefix("optimizer/") }
      .sorted { NaturalOrder.precedes($0.name, $1.name) }
    markState()
  }

  /// Whether the file is laid out like this at all.
  static func isLaidOut(_ tree: HDF5Tree) -> Bool {
    tree.groups.contains { $0 == "vars" || $0.hasSuffix("/vars") }
      && !tree.groups.contains("model_weights")
  }

  /// What no gradient reaches: the running statistics, which batch normalisation keeps last, and all
  /// that normalisation layers have adapted.
  private mutating func markState() {
    for group in layerGroups(of: tensors) {
      let stem = Self.stem(of: group.layer).name
      let count = group.indices.count
      let first: Int
      switch stem {
      case "batch_normalization", "sync_batch_normalization": first = max(count - 2, 0)
      case "normalization": first = 0
      default: first = group.layer.hasSuffix("seed_generator") ? 0 : count
      }
      for place in first..<count { tensors[group.indices[place]].isState = true }
    }
  }

  struct LayerGroup {
    /// The path of the layer: `layers/dense_1`, or deeper `layers/lstm/cell`.
    let layer: String
    let indices: [Int]
  }

  /// The tensors of each `vars` group in their order.
  func layerGroups(of tensors: [StoredTensor]) -> [LayerGroup] {
    var groups: [LayerGroup] = []
    var last: (path: String, indices: [Int])?
    func close() {
      if let last { groups.append(LayerGroup(layer: last.path, indices: last.indices)) }
    }
    for (index, tensor) in tensors.enumerated() {
      guard let range = Self.varsRange(in: tensor.name) else { continue }
      let path = String(tensor.name[..<range])
      if last?.path == path {
        last?.indices.append(index)
      } else {
        close()
        last = (path, [index])
      }
    }
    close()
    return groups
  }

  /// Where `/vars/<i>` begins at the end of a path.
  private static func varsRange(in name: String) -> String.Index? {
    guard let slash = name.lastIndex(of: "/") else { return nil }
    let parent = name[..<slash]
    if parent == "vars" { return parent.startIndex }
    return parent.hasSuffix("/vars") ? parent.index(parent.endIndex, offsetBy: -5) : nil
  }

  /// The last component of a layer's path as class and counter: `dense_1` is the second `dense`.
  static func stem(of layer: String) -> (name: String, number: Int) {
    let last = layer.split(separator: "/").last.map(String.init) ?? ""
    guard let mark = last.lastIndex(of: "_"), let number = Int(last[last.index(after: mark)...])
    else { return (last, 0) }
    return (String(last[..<mark]), number)
  }
}

/// Paths compared so that `vars/2` stands before `vars/10`.
enum NaturalOrder {
  static func precedes(_ a: String, _ b: String) -> Bool {
    let (a, b) = (Array(a.utf8), Array(b.utf8))
    var (i, j) = (0, 0)
    while i < a.count, j < b.count {
      if isDigit(a[i]), isDigit(b[j]) {
        let (first, second) = (digits(a, &i), digits(b, &j))
        if first.count != second.count { return first.count < second.count }
        if first != second { return first.lexicographicallyPrecedes(second) }
      } else {
        if a[i] != b[j] {
          // The end of a component comes first: `dense/…` before `dense_1/…`.
          let (x, y) = (a[i] == 0x2F ? 0 : a[i], b[j] == 0x2F ? 0 : b[j])
          return x < y
        }
        i += 1
        j += 1
      }
    }
    return a.count - i < b.count - j
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  /// A number without its leading zeros; moves behind it.
  private static func digits(_ bytes: [UInt8], _ at: inout Int) -> [UInt8] {
    let start = at
    while at < bytes.count, isDigit(bytes[at]) { at += 1 }
    let digits = Array(bytes[start..<at].drop { $0 == 0x30 })
    return digits
  }
}
