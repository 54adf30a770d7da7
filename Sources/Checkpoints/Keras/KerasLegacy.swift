// The HDF5 files of `model.save("x.h5")` before Keras 3 and after: `model_weights/<layer>/<variable>`
// with lists of names as attributes, and `optimizer_weights` with names that tell the parameter.
internal import Diagnostics
internal import Tensors

struct KerasLegacy {
  let tree: HDF5Tree
  /// Where the layers are: `model_weights/`, or "" in a file of weights only.
  let prefix: String
  private(set) var tensors: [StoredTensor] = []
  let config: JSONValue?

  static func isLaidOut(_ tree: HDF5Tree) -> Bool {
    tree.groups.contains("model_weights") || names("layer_names", tree.attributes[""]) != nil
  }

  init(_ tree: HDF5Tree, _ complaint: Complaint) throws(Problem) {
    self.tree = tree
    prefix = tree.groups.contains("model_weights") ? "model_weights/" : ""
    if let text = tree.attributes[""]?["training_config"]?.first {
      config = try JSONValue.parse(Array(text.utf8), path: complaint.path)
    } else {
      config = nil
    }
    var byName: [String: StoredTensor] = [:]
    for tensor in tree.tensors { byName[tensor.name] = tensor }
    let group = String(prefix.dropLast())
    // In the model's own order, where the lists of names tell it.
    for layer in Self.names("layer_names", tree.attributes[group]) ?? [] {
      let path = "\(prefix)\(layer)"
      for name in Self.names("weight_names", tree.attributes[path]) ?? [] {
        guard var tensor = byName.removeValue(forKey: "\(path)/\(name)") else {
          throw complaint.incomplete("variable \(name) of layer \(layer) is missing")
        }
        tensor.isState = Self.isState(name)
        tensors.append(tensor)
      }
    }
    for var tensor in tree.tensors where byName[tensor.name] != nil {
      guard tensor.name.hasPrefix(prefix), !tensor.name.hasPrefix("optimizer_weights/") else {
        continue
      }
      tensor.isState = Self.isState(tensor.name)
      tensors.append(tensor)
    }
  }

  /// A list of names, which is split into numbered attributes when it is long.
  private static func names(_ key: String, _ attributes: [String: [String]]?) -> [String]? {
    guard let attributes else { return nil }
    if let names = attributes[key] { return names }
    guard attributes["\(key)0"] != nil else { return nil }
    var names: [String] = []
    var part = 0
    while let more = attributes["\(key)\(part)"] {
      names += more
      part += 1
    }
    return names
  }

  private static func isState(_ name: String) -> Bool {
    let leaf = name.split(separator: "/").last.map { bare(String($0)) } ?? ""
    return ["moving_mean", "moving_variance", "seed_generator_state"].contains(leaf)
  }

  /// A variable's name without the `:0` that TensorFlow adds.
  private static func bare(_ name: String) -> String {
    name.hasSuffix(":0") ? String(name.dropLast(2)) : name
  }

  /// What scales the loss counts and keeps nothing for the optimizer that it wraps.
  private var scaler: JSONValue? {
    let outer = config?["optimizer_config"]
    return outer?["class_name"]?.text == "LossScaleOptimizer" ? outer?["config"] : nil
  }

  private var optimizer: JSONValue? { scaler?["inner_optimizer"] ?? config?["optimizer_config"] }

  /// The optimizer's variables in its order, by their names.
  private var variables: [(name: String, tensor: StoredTensor)] {
    let path = "optimizer_weights"
    var byName: [String: StoredTensor] = [:]
    for tensor in tree.tensors { byName[tensor.name] = tensor }
    let foreign = scaler?["name"]?.text.map { "\($0)/" }
    return (Self.names("weight_names", tree.attributes[path]) ?? []).compactMap { name in
      if let foreign, name.hasPrefix(foreign) { return nil }
      return byName["\(path)/\(name)"].map { (Self.bare(name), $0) }
    }
  }

  var counter: StoredTensor? {
    variables.first { ["iteration", "iter", "iterations"].contains(Self.leaf($0.name)) }?.tensor
  }

  var rate: StoredTensor? { variables.first { Self.leaf($0.name) == "learning_rate" }?.tensor }

  /// The rate that the optimizer was made with, unless a schedule changes it.
  var configuredRate: Double? { optimizer?["config"]?["learning_rate"]?.double }

  private static func leaf(_ name: String) -> String {
    name.split(separator: "/").last.map(String.init) ?? ""
  }

  /// The moments by the names of their parameters; or why there are none.
  func moments(step: Int?) -> (moments: Moments?, how: String) {
    // Keras 2 calls its own newer optimizers `Custom>Adam`.
    let className =
      optimizer?["class_name"]?.text?.split(separator: ">").last?.lowercased() ?? "adam"
    let (kind, second): (String, [String])
    switch className {
    case "adam", "adamw", "nadam": (kind, second) = ("adam", ["_velocity", "/v"])
    case "rmsprop": (kind, second) = ("rmsprop", ["_velocity", "/velocity", "/rms"])
    case "adagrad": (kind, second) = ("adagrad", ["_accumulator", "/accumulator"])
    default: return (nil, "\(className) keeps no second moment that is known")
    }
    let seconds = byParameter(second)
    let firsts = kind == "adam" ? byParameter(["_momentum", "/m"]) : [:]
    guard let seconds, let firsts else { return (nil, "two of its moments have one name") }
    var entries: [Moments.Entry] = []
    var unused = Set(seconds.keys)
    for tensor in tensors where !tensor.isBuffer {
      let name = Self.bare(String(tensor.name.dropFirst(prefix.utf8.count)))
      // The layer's own name stands before the variable's.
      let variable = name.split(separator: "/").dropFirst().joined(separator: "/")
      let flat = String(variable.map { $0 == "/" ? "_" : $0 })
      let keys = [variable, flat].filter { seconds[$0] != nil }
      guard let key = keys.first else { continue }
      guard let moment = seconds[key], moment.shape == tensor.shape, moment.type.isFloatingPoint,
        unused.remove(key) != nil, firsts[key].map({ $0.shape == tensor.shape }) ?? true
      else { return (nil, "the moments of \(tensor.name) do not fit it") }
      entries.append(
        Moments.Entry(
          parameter: tensor.name, firstMoment: firsts[key], secondMoment: moment))
    }
    guard let type = entries.first?.secondMoment.type, unused.isEmpty else {
      return (nil, "the names of its moments are not those of the variables")
    }
    let settings = optimizer?["config"]
    return (
      Moments(
        kind: kind, beta1: kind == "adam" ? settings?["beta_1"]?.double : nil,
        beta2: kind == "adam" ? settings?["beta_2"]?.double : settings?["rho"]?.double,
        initialSum: kind == "adagrad" ? settings?["initial_accumulator_value"]?.double : nil,
        step: step,
        elementType: type, entries: entries, flags: []), "names"
    )
  }

  /// Variables whose names say that they are such a moment, by the name of their parameter as it
  /// stands in theirs; nil when two have the same.
  private func byParameter(_ marks: [String]) -> [String: StoredTensor]? {
    var found: [String: StoredTensor] = [:]
    for (name, tensor) in variables {
      for mark in marks {
        var key: String?
        if name.hasSuffix(mark) {
          // adam/dense_kernel_velocity; Adam/dense/kernel/v, training/Adam/dense/kernel/v
          var parts = name.dropLast(mark.utf8.count).split(separator: "/")[...]
          if parts.first == "training" { parts = parts.dropFirst() }
          key = parts.dropFirst().joined(separator: "/")
        } else if mark.hasPrefix("/"), let range = Self.range(of: "\(mark)/", in: name) {
          // Adam/v/dense/kernel
          key = String(name[range...])
        }
        guard let key else { continue }
        guard found.updateValue(tensor, forKey: key) == nil else { return nil }
        break
      }
    }
    return found
  }

  /// Where the text that follows `mark` begins.
  private static func range(of mark: String, in name: String) -> String.Index? {
    var at = name.startIndex
    while at < name.endIndex {
      if name[at...].hasPrefix(mark) { return name.index(at, offsetBy: mark.count) }
      at = name.index(after: at)
    }
    return nil
  }
}
