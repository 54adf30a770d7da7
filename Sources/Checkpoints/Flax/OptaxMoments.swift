// optax names a parameter's moments by the parameter's own path, behind `nu` and `mu` (optax/transforms).
internal import Tensors

struct OptaxMoments {
  /// Weights and states by their paths of keys.
  typealias Leaf = (path: [String], tensor: StoredTensor)

  /// The moments of weights, or why they are not used.
  ///
  /// - Parameter step: the optimizer's own count.
  static func match(
    _ states: [Leaf], to weights: [Leaf], step: Int?
  ) -> (moments: Moments?, why: String) {
    var second: [[String]: StoredTensor] = [:]
    var first: [[String]: StoredTensor] = [:]
    for (path, tensor) in states {
      guard let mark = path.firstIndex(where: { $0 == "nu" || $0 == "mu" }) else { continue }
      let key = Array(path[(mark + 1)...])
      let isNew =
        path[mark] == "nu"
        ? second.updateValue(tensor, forKey: key) == nil
        : first.updateValue(tensor, forKey: key) == nil
      guard isNew else { return (nil, "two moments have one name") }
    }
    guard !second.isEmpty else { return (nil, "there is no nu among the optimizer's state") }
    var entries: [Moments.Entry] = []
    for (path, weight) in weights where !weight.isBuffer {
      // A moment's path is the weight's own, or begins below `params`.
      guard let key = [path, Array(path.dropFirst())].first(where: { second[$0] != nil }),
        let moment = second.removeValue(forKey: key)
      else { continue }
      guard moment.shape == weight.shape, moment.type.isFloatingPoint,
        first[key].map({ $0.shape == weight.shape }) ?? true
      else { return (nil, "the moments of \(weight.name) have another shape than it") }
      entries.append(
        Moments.Entry(
          parameter: weight.name, firstMoment: first[key], secondMoment: moment))
    }
    guard second.isEmpty, let type = entries.first?.secondMoment.type else {
      return (nil, "the names of its moments are not those of the parameters")
    }
    return (
      Moments(
        kind: first.isEmpty ? "rmsprop" : "adam", beta1: nil, beta2: nil, step: step,
        elementType: type, entries: entries,
        flags: type.byteWidth < 4 ? ["low_precision_moments"] : []), ""
    )
  }
}
