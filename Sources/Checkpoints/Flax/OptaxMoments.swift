// optax names a parameter's moments by the parameter's own path, behind `nu` and `mu`, or Adagrad's
// `sum_of_squares` (optax/transforms). Their decays are in the state only where `inject_hyperparams` keeps
// them there.
internal import Tensors

struct OptaxMoments {
  /// Weights and states by their paths of keys.
  typealias Leaf = (path: [String], tensor: StoredTensor)

  /// Leaves of the state that are `inject_hyperparams`'s, by their names: each a scalar.
  static func settings(_ states: [Leaf]) -> [(name: String, tensor: StoredTensor)] {
    states.compactMap { path, tensor in
      guard tensor.shape.count == 1, let place = path.lastIndex(of: "hyperparams"),
        path.indices.contains(place + 1)
      else { return nil }
      return (path[place + 1], tensor)
    }
  }

  /// First moments, second moments, and Adagrad's sums of squares.
  private static let marks: Set<String> = ["mu", "nu", "sum_of_squares"]

  /// The moments of weights, or why they are not used.
  ///
  /// - Parameters:
  ///   - step: the optimizer's own count.
  ///   - settings: numbers that `inject_hyperparams` keeps beside the state, by their names.
  static func match(
    _ states: [Leaf], to weights: [Leaf], step: Int?, settings: [String: Double]
  ) -> (moments: Moments?, why: String) {
    var second: [[String]: StoredTensor] = [:]
    var first: [[String]: StoredTensor] = [:]
    var isSum = false
    for (path, tensor) in states {
      guard let mark = path.firstIndex(where: marks.contains) else { continue }
      let key = Array(path[(mark + 1)...])
      isSum = isSum || path[mark] == "sum_of_squares"
      let isNew =
        path[mark] == "mu"
        ? first.updateValue(tensor, forKey: key) == nil
        : second.updateValue(tensor, forKey: key) == nil
      guard isNew else { return (nil, "two moments have one name") }
    }
    guard !second.isEmpty else { return (nil, "there is no nu among the optimizer's state") }
    // A moment's path is the end of its weight's own, which may begin below `params` or an item: of
    // several weights that end so, the one with the least before it.
    var owners: [[String]: (weights: [StoredTensor], before: Int)] = [:]
    var order: [[String]] = []
    for (path, weight) in weights where !weight.isBuffer {
      guard let before = path.indices.first(where: { second[Array(path[$0...])] != nil }) else {
        continue
      }
      let key = Array(path[before...])
      let known = owners[key]
      if known == nil { order.append(key) }
      if known.map({ before < $0.before }) ?? true {
        owners[key] = ([weight], before)
      } else if known?.before == before {
        owners[key]?.weights.append(weight)
      }
    }
    guard order.count == second.count else {
      return (nil, "the names of its moments are not those of the parameters")
    }
    var entries: [Moments.Entry] = []
    for key in order {
      guard let own = owners[key]?.weights, let weight = own.first, let moment = second[key] else {
        continue
      }
      guard own.count == 1 else {
        return (nil, "\(own[0].name) and \(own[1].name) could both be what a moment is of")
      }
      guard moment.shape == weight.shape, moment.type.isFloatingPoint,
        first[key].map({ $0.shape == weight.shape }) ?? true
      else { return (nil, "the moments of \(weight.name) have another shape than it") }
      entries.append(
        Moments.Entry(
          parameter: weight.name, firstMoment: first[key], secondMoment: moment))
    }
    guard let type = entries.first?.secondMoment.type else {
      return (nil, "the names of its moments are not those of the parameters")
    }
    let kind = isSum ? "adagrad" : first.isEmpty ? "rmsprop" : "adam"
    var flags = type.byteWidth < 4 ? ["low_precision_moments"] : []
    if states.contains(where: { $0.path.contains("nu_max") }) { flags.append("amsgrad") }
    return (
      Moments(
        kind: kind, beta1: kind == "adam" ? settings["b1"] : nil,
        beta2: isSum ? nil : settings[kind == "adam" ? "b2" : "decay"],
        initialSum: isSum ? settings["initial_accumulator_value"] : nil, step: step,
        elementType: type, entries: entries,
        flags: flags), ""
    )
  }
}
