// A PyTorch optimizer's state_dict: moments by parameter index, and groups that list the indices.
internal import Diagnostics
internal import Tensors

struct OptimizerState {
  struct Group {
    /// Keys of `state`, in the order in which the optimizer was given the parameters.
    let ids: [String]
    /// Names, when the optimizer was made from named parameters (PyTorch ≥ 2.6).
    let names: [String]?
    let weightDecay: Double?
    let betas: [Double]
    /// What Adagrad's sums begin at.
    var initialSum: Double?
  }

  struct Parameter {
    var first: StoredTensor?
    var second: StoredTensor
    var updates: Int?
    /// Its own group's, where groups differ in them.
    var betas: [Double]?
  }

  var kind = "adam"
  var groups: [Group] = []
  var parameters: [String: Parameter] = [:]
  var learningRate: Double?
  var step: Int?
  var flags: [String] = []

  private static let keys = [
    "optimizer_states", "optimizer_state_dict", "optimizer", "optimizer_state", "optim", "opt",
    "optimizers",
  ]

  /// The optimizers' dictionaries among what was saved: one, several in a list or by name, or none.
  static func all(in root: PickleValue) -> [PickleValue] {
    if root["param_groups"] != nil, root["state"] != nil { return [root] }
    for key in keys {
      guard let value = root[key] ?? root.at("state", key) else { continue }
      if value["param_groups"] != nil { return [value] }
      let inner = (value.elements ?? value.entries?.map(\.value) ?? []).filter {
        $0["param_groups"] != nil
      }
      if !inner.isEmpty { return inner }
    }
    // Under whatever key of its own (`optG`, `last_optimizer_state`): nothing else is laid out like this.
    return (root.entries ?? []).prefix(1_000).map(\.value).filter {
      $0["param_groups"] != nil && $0["state"] != nil
    }
  }

  /// Reads the dictionary. Returns nil, and why, when it keeps no second moment that we know.
  static func read(
    _ value: PickleValue, in archive: TorchArchive
  ) throws(Problem) -> (state: OptimizerState?, why: String) {
    guard let groups = value["param_groups"]?.elements, let states = value["state"]?.entries else {
      return (nil, "it is not laid out as PyTorch's")
    }
    var optimizer = OptimizerState()
    var groupStep: Int?
    for group in groups {
      if let stranger = stranger(group) { return (nil, stranger) }
      if groupStep == nil, let step = group["step"] { groupStep = try archive.count(step) }
      guard let params = group["params"]?.elements else {
        return (nil, "a group does not list its parameters")
      }
      let ids = params.compactMap(identifier)
      guard ids.count == params.count else { return (nil, "a parameter has no index") }
      let names = group["param_names"]?.elements?.compactMap(\.text)
      optimizer.groups.append(
        Group(
          ids: ids, names: names?.count == ids.count ? names : nil,
          weightDecay: group["weight_decay"]?.double,
          betas: betas(of: group),
          initialSum: group["initial_accumulator_value"]?.double))
      if optimizer.learningRate == nil, let rate = group["lr"] {
        optimizer.learningRate = try archive.number(rate)
      }
    }
    // Adafactor keeps whole moments of vectors alone; of matrices it keeps means of rows and columns.
    let isFactored = states.contains { $0.value["exp_avg_sq_row"] != nil }
    var kinds: Set<String> = []
    var steps: Set<Int> = []
    for (key, state) in states {
      guard let id = identifier(key), state.entries != nil else { continue }
      // Some count once for a whole group.
      var updates = groupStep
      if let counter = state["step"], let count = try archive.count(counter) {
        updates = count
        steps.insert(count)
      }
      guard !isFactored, let (kind, first, second) = moments(of: state) else { continue }
      kinds.insert(kind)
      var parameter: Parameter?
      if case .tensor(let tensor) = try archive.tensor(second, name: "optimizer.state.\(id).second")
      {
        parameter = Parameter(second: tensor, updates: updates)
      }
      if let first,
        case .tensor(let tensor) = try archive.tensor(first, name: "optimizer.state.\(id).first")
      {
        parameter?.first = tensor
      }
      guard let parameter, optimizer.parameters[id] == nil else {
        return (nil, "the moments of parameter \(id) cannot be read")
      }
      optimizer.parameters[id] = parameter
      if state["max_exp_avg_sq"] != nil { optimizer.addFlag("amsgrad") }
    }
    optimizer.step = steps.max() ?? groupStep
    if steps.count > 1 { optimizer.addFlag("uneven_steps") }
    if states.isEmpty { return (optimizer, "it has made no step yet") }
    guard let kind = kinds.first, kinds.count == 1 else {
      // The counter and the rate are worth having all the same.
      return (optimizer, "it keeps no second moment of Adam's, RMSprop's or Adagrad's kind")
    }
    optimizer.kind = kind
    if groups.contains(where: { couplesDecay($0, kind) }) { optimizer.addFlag("coupled_decay") }
    if Set(optimizer.groups.map(\.betas)).count > 1 {
      for group in optimizer.groups {
        for id in group.ids { optimizer.parameters[id]?.betas = group.betas }
      }
    }
    return (optimizer, "")
  }

  /// Who keeps an `exp_avg_sq` or `square_avg` that is no mean of squared gradients from zero, as keys of its own
  /// tell (timm/optim).
  private static func stranger(_ group: PickleValue) -> String? {
    if group["mars_type"] != nil {
      return "its second moment is of corrected gradients, as timm's Mars has it"
    }
    if group["lr_in_momentum"] != nil || group["clip_exp"] != nil {
      return "its second moment does not begin at zero, as that of timm's RMSpropTF and Adopt"
    }
    return nil
  }

  /// Whether weight decay is added to the gradient before it is squared, for certain: of older files of Adam's kind
  /// nobody can tell.
  private static func couplesDecay(_ group: PickleValue, _ kind: String) -> Bool {
    guard group["weight_decay"]?.double ?? 0 > 0 else { return false }
    return kind == "adam" ? group["decoupled_weight_decay"]?.bool == false : true
  }

  private static func identifier(_ value: PickleValue) -> String? {
    value.int.map(String.init) ?? value.text
  }

  /// (β1, β2) of Adam, or RMSprop's smoothing as the second.
  private static func betas(of group: PickleValue) -> [Double] {
    if let betas = group["betas"]?.elements?.compactMap(\.double), betas.count == 2 {
      return betas
    }
    return group["alpha"]?.double.map { [$0] } ?? []
  }

  private static func moments(
    of state: PickleValue
  ) -> (kind: String, first: PickleValue?, second: PickleValue)? {
    if let second = state["exp_avg_sq"] { return ("adam", state["exp_avg"], second) }
    // Adadelta also keeps a square_avg, of which its acc_delta tells.
    if let second = state["square_avg"], state["acc_delta"] == nil {
      return ("rmsprop", state["grad_avg"], second)
    }
    if let second = state["sum"] { return ("adagrad", nil, second) }
    return nil
  }

  mutating func addFlag(_ flag: String) {
    if !flags.contains(flag) { flags.append(flag) }
  }
}
