import Checkpoints
import Reports

/// The layers of a checkpoint: which parameters belong together, in which order.
struct LayerInventory {
  /// The kind of a layer that is computed: an adapter's product.
  static let productKind = "LowRankProduct"

  struct Layer {
    let name: String
    var kind: String?
    /// Indices into the checkpoint's tensors.
    var tensors: [Int]
  }

  private(set) var layers: [Layer]

  /// Modules by name, in the model's order as far as it is known. Buffers (running statistics,
  /// integers, booleans) are no parameters; a tied tensor belongs to the module that comes first.
  init(of checkpoint: Checkpoint) {
    var layers: [Layer] = []
    var index: [String: Int] = [:]
    for position in checkpoint.modelOrder {
      let tensor = checkpoint.tensors[position]
      guard !tensor.isBuffer, !tensor.isTied else { continue }
      let module = tensor.isComputed ? tensor.name : moduleName(of: tensor.name)
      if let known = index[module] {
        layers[known].tensors.append(position)
      } else {
        index[module] = layers.count
        layers.append(
          Layer(
            name: module, kind: tensor.isComputed ? Self.productKind : nil, tensors: [position]))
      }
    }
    self.layers = layers
  }

  private init(layers: [Layer]) { self.layers = layers }

  /// The same layers with the indices of another checkpoint's tensors.
  func matched(to other: Checkpoint, from checkpoint: Checkpoint) -> LayerInventory {
    let positions = Dictionary(
      other.tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    return LayerInventory(
      layers: layers.map { layer in
        Layer(
          name: layer.name, kind: layer.kind,
          tensors: layer.tensors.compactMap { positions[checkpoint.tensors[$0].name] })
      })
  }

  /// Puts layers in the order in which parameters first name them; those that none names come last.
  mutating func arrange(byParameters names: [String], of checkpoint: Checkpoint) {
    let places = Dictionary(
      zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    func place(_ layer: Layer) -> Int {
      layer.tensors.compactMap { places[checkpoint.tensors[$0].name] }.min() ?? names.count
    }
    layers = layers.map { (place($0), $0) }.enumerated()
      .sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }.map(\.element.1)
  }

  /// Puts the layers that a network reaches first, in its forward order and with its kinds.
  mutating func arrange(by forward: [(name: String, kind: String)]) {
    var rest = layers
    var arranged: [Layer] = []
    for (name, kind) in forward {
      guard let position = rest.firstIndex(where: { $0.name == name }) else { continue }
      var layer = rest.remove(at: position)
      layer.kind = kind
      arranged.append(layer)
    }
    layers = arranged + rest
  }
}

/// The module of a parameter: its name without what follows the last dot, or the last slash where there
/// is no dot, and without the `vars` in which Keras numbers a layer's variables; a name without either
/// is its own.
func moduleName(of parameter: String) -> String {
  let mark = parameter.lastIndex(of: ".") ?? parameter.lastIndex(of: "/")
  guard let mark, mark != parameter.startIndex else { return parameter }
  let module = parameter[..<mark]
  return String(module.hasSuffix("/vars") ? module.dropLast(5) : module)
}
