// From an optimizer's state to moments by parameter name, or to the reason why not.
internal import Tensors

extension Moments {
  /// - Parameters:
  ///   - tensors: the checkpoint's tensors.
  ///   - order: their indices in the model's own order; nil when the container lost it.
  static func match(
    _ optimizer: OptimizerState, to tensors: [StoredTensor], order: [Int]?
  ) -> (moments: Moments?, how: String) {
    // The optimizer holds a shared parameter once, under the name that comes first.
    let parameters = (order ?? Array(tensors.indices)).map { tensors[$0] }
      .filter { !$0.isBuffer && !$0.isTied }
    if let entries = byName(optimizer, parameters) {
      return (make(optimizer, entries), "names")
    }
    let keys = Set(optimizer.groups.flatMap(\.ids))
    guard keys.count == optimizer.groups.reduce(0, { $0 + $1.ids.count }) else {
      return (nil, "a parameter stands in two groups")
    }
    let groups = optimizer.groups.map { $0.ids.map { optimizer.parameters[$0]?.second.shape } }
    // One list of all parameters is in the order of the tree of modules, whatever the container did.
    let listed = groups.flatMap { $0 }.compactMap { $0 }
    if order == nil, groups.filter({ !$0.isEmpty }).count == 1, listed.count == parameters.count,
      let indices = ModuleOrder.unique(
        parameters.map { ($0.name, $0.shape) }, moments: listed)
    {
      let ids = optimizer.groups.flatMap(\.ids)
      var entries: [Entry] = []
      for (id, index) in zip(ids, indices) {
        guard let state = optimizer.parameters[id], let entry = entry(parameters[index], state)
        else { return (nil, "the moments of \(parameters[index].name) do not fit it") }
        entries.append(entry)
      }
      return (make(optimizer, entries), "the tree of modules allows one order")
    }
    guard order != nil || Self.hasUniqueShapes(parameters) else {
      return (
        nil, "the container does not keep the model's order, which this kind of model does not tell"
      )
    }
    if order == nil { return byShape(optimizer, parameters) }
    let matching = MomentMatching(
      parameters: parameters.map { ($0.name, $0.shape) }, groups: groups,
      weightDecays: optimizer.groups.map(\.weightDecay))
    switch matching.match() {
    case .refused(let reason):
      return (nil, "\(reason); an optimizer made of model.named_parameters() keeps their names")
    case .matched(let assignment, let how):
      var entries: [Entry] = []
      for (group, indices) in zip(optimizer.groups, assignment) {
        for (id, index) in zip(group.ids, indices) {
          guard let state = optimizer.parameters[id] else { continue }
          guard let entry = entry(parameters[index], state) else {
            return (nil, "the moments of \(parameters[index].name) have another shape than it")
          }
          entries.append(entry)
        }
      }
      return (make(optimizer, entries), how)
    }
  }

  private static func make(_ optimizer: OptimizerState, _ entries: [Entry]) -> Moments? {
    guard let first = entries.first else { return nil }
    var flags = optimizer.flags
    // A group without parameters that have moments has no say.
    let groups = optimizer.groups.filter { $0.ids.contains { optimizer.parameters[$0] != nil } }
    let betas = Set(groups.map(\.betas))
    let common = Betas(betas.count == 1 ? betas.first ?? [] : [])
    if betas.count > 1, !flags.contains("mixed_betas") { flags.append("mixed_betas") }
    let starts = Set(groups.map(\.initialSum))
    let type = first.secondMoment.type
    if entries.contains(where: { $0.secondMoment.type.byteWidth < 4 }) {
      flags.append("low_precision_moments")
    }
    let isSum = optimizer.kind == "adagrad"
    return Moments(
      kind: optimizer.kind, beta1: common.first, beta2: isSum ? nil : common.second,
      initialSum: isSum && starts.count == 1 ? starts.first ?? nil : nil, step: optimizer.step,
      elementType: type, entries: entries, flags: flags)
  }

  private static func entry(
    _ parameter: StoredTensor, _ state: OptimizerState.Parameter
  ) -> Entry? {
    guard state.second.shape == parameter.shape, state.second.type.isFloatingPoint,
      state.first?.shape ?? parameter.shape == parameter.shape
    else { return nil }
    return Entry(
      parameter: parameter.name, firstMoment: state.first, secondMoment: state.second,
      updates: state.updates, ownBetas: state.betas.map(Betas.init))
  }

  /// By the names that the optimizer was given, or by state keys that are names themselves.
  private static func byName(
    _ optimizer: OptimizerState, _ parameters: [StoredTensor]
  ) -> [Entry]? {
    var byName: [[UInt8]: StoredTensor] = [:]
    for parameter in parameters { byName[Array(parameter.name.utf8)] = parameter }
    var entries: [Entry] = []
    for group in optimizer.groups {
      for (id, name) in zip(group.ids, group.names ?? group.ids) {
        guard let state = optimizer.parameters[id] else { continue }
        guard let parameter = byName[Array(name.utf8)], let entry = entry(parameter, state) else {
          return nil
        }
        entries.append(entry)
      }
    }
    return entries.isEmpty ? nil : entries
  }

  private static func hasUniqueShapes(_ parameters: [StoredTensor]) -> Bool {
    Set(parameters.map(\.shape)).count == parameters.count
  }

  /// Without an order, when no two parameters have the same shape.
  private static func byShape(
    _ optimizer: OptimizerState, _ parameters: [StoredTensor]
  ) -> (moments: Moments?, how: String) {
    var entries: [Entry] = []
    let byShape = Dictionary(
      parameters.map { ($0.shape, $0) }, uniquingKeysWith: { first, _ in first })
    for id in optimizer.groups.flatMap(\.ids) {
      guard let state = optimizer.parameters[id] else { continue }
      guard let parameter = byShape[state.second.shape],
        let entry = entry(parameter, state)
      else { return (nil, "the shapes of its moments do not fit the parameters") }
      entries.append(entry)
    }
    guard Set(entries.map(\.secondMoment.shape)).count == entries.count else {
      return (nil, "two of its moments have the same shape")
    }
    return (make(optimizer, entries), "shapes")
  }
}

extension Moments.Betas {
  /// As PyTorch's groups list them: Adam's two, or the one of RMSprop.
  fileprivate init(_ listed: [Double]) {
    self.init(first: listed.count == 2 ? listed[0] : nil, second: listed.last)
  }
}
