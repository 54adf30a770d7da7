// Which lists of variables a Keras 3 optimizer keeps behind its scalars, each as long as the list of
// trainable variables (keras/src/optimizers/base_optimizer.py, build).
internal import Tensors

struct KerasOptimizerLayout {
  /// Lists before the moments: averages of the weights (`use_ema`), sums of gradients
  /// (`gradient_accumulation_steps`).
  let before: Int
  /// Whether momentum and velocity alternate, or second moments stand alone.
  let alternates: Bool
  /// Lists behind the moments: Adam's largest velocities, RMSprop's momentum and mean gradient.
  let extra: Int

  /// What the configuration allows, or, without one, all that may be.
  static func all(of kind: String, _ settings: JSONValue?) -> [KerasOptimizerLayout] {
    let befores =
      settings.map { settings in
        let hasAverages = settings["use_ema"]?.bool ?? false
        let hasSums = settings["gradient_accumulation_steps"]?.int != nil
        return [(hasAverages ? 1 : 0) + (hasSums ? 1 : 0)]
      } ?? [0, 1, 2]
    let extras: [Int]
    switch kind {
    case "adam": extras = settings.map { [$0["amsgrad"]?.bool ?? false ? 1 : 0] } ?? [0, 1]
    case "rmsprop":
      extras =
        settings.map { settings in
          let hasMomentum = (settings["momentum"]?.double ?? 0) != 0
          return [(hasMomentum ? 1 : 0) + (settings["centered"]?.bool ?? false ? 1 : 0)]
        } ?? [0, 1, 2]
    default: extras = [0]
    }
    return befores.flatMap { before in
      extras.map { extra in
        KerasOptimizerLayout(before: before, alternates: kind == "adam", extra: extra)
      }
    }
  }

  /// The moments, when the shapes of all lists agree; nil otherwise.
  func moments(
    in variables: [StoredTensor]
  ) -> [(first: StoredTensor?, second: StoredTensor)]? {
    let lists = before + (alternates ? 2 : 1) + extra
    let count = variables.count / lists
    guard count > 0, variables.count % lists == 0 else { return nil }
    let own = variables[(before * count)...]
    var moments: [(first: StoredTensor?, second: StoredTensor)] = []
    for place in 0..<count {
      let start = own.startIndex + (alternates ? 2 : 1) * place
      let second = own[start + (alternates ? 1 : 0)]
      guard own[start].shape == second.shape else { return nil }
      moments.append((alternates ? own[start] : nil, second))
    }
    let shapes = moments.map(\.second.shape)
    let others =
      Array(variables[..<(before * count)]) + variables.suffix(extra * count)
    guard others.indices.allSatisfy({ others[$0].shape == shapes[$0 % count] }) else { return nil }
    return moments
  }
}
