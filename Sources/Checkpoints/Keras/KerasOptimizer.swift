// What a Keras 3 optimizer keeps (keras/src/optimizers): 0 the iteration, 1 the learning rate, then of
// Adam a momentum and a velocity per trainable variable, in the order of the model.
internal import Diagnostics
internal import Tensors

struct KerasOptimizer {
  /// `adam`, `rmsprop` or `adagrad`.
  let kind: String
  /// Moments per trainable variable, in the model's order.
  let moments: [(first: StoredTensor?, second: StoredTensor)]
  let flags: [String]
  let beta1: Double?
  let beta2: Double?

  /// - Parameters:
  ///   - variables: all of the optimizer's, from the iteration on.
  ///   - name: `adam`, or nil when the file does not say.
  ///   - config: the optimizer's configuration, where the file has one.
  /// - Returns: also why there are no moments.
  static func read(
    _ variables: [StoredTensor], name: String?, config: JSONValue?
  ) -> (optimizer: KerasOptimizer?, why: String) {
    let className = (config?["class_name"]?.text ?? name)?.lowercased() ?? "adam"
    let settings = config?["config"]
    // Scalars stand first: iteration, learning rate, and Nadam's running product.
    let rest = Array(variables.drop { $0.shape.rank == 0 })
    func make(
      _ kind: String, _ moments: [(first: StoredTensor?, second: StoredTensor)],
      _ flags: [String] = []
    ) -> (KerasOptimizer?, String) {
      (
        KerasOptimizer(
          kind: kind, moments: moments, flags: flags,
          beta1: kind == "adam" ? settings?["beta_1"]?.double : nil,
          beta2: kind == "adam" ? settings?["beta_2"]?.double : settings?["rho"]?.double), ""
      )
    }
    switch className {
    case "adam", "adamw", "nadam", "lossscaleoptimizer":
      guard !rest.isEmpty else { return (nil, "it has made no step yet") }
      if let pairs = pairs(rest) { return make("adam", pairs) }
      if rest.count % 3 == 0, let pairs = pairs(Array(rest.prefix(rest.count / 3 * 2))),
        zip(pairs, rest.suffix(rest.count / 3)).allSatisfy({ $0.second.shape == $1.shape })
      {
        return make("adam", pairs, ["amsgrad"])
      }
      return (nil, "its variables are not a momentum and a velocity each")
    case "rmsprop":
      guard settings?["centered"]?.bool != true, (settings?["momentum"]?.double ?? 0) == 0 else {
        return (nil, "RMSprop with momentum or centring is not matched")
      }
      return make("rmsprop", rest.map { (nil, $0) })
    case "adagrad": return make("adagrad", rest.map { (nil, $0) })
    default: return (nil, "\(className) keeps no second moment that is known")
    }
  }

  private static func pairs(
    _ variables: [StoredTensor]
  ) -> [(first: StoredTensor?, second: StoredTensor)]? {
    guard variables.count % 2 == 0 else { return nil }
    var pairs: [(first: StoredTensor?, second: StoredTensor)] = []
    for place in stride(from: 0, to: variables.count, by: 2) {
      guard variables[place].shape == variables[place + 1].shape else { return nil }
      pairs.append((variables[place], variables[place + 1]))
    }
    return pairs
  }

  /// The moments as a checkpoint has them, once their parameters are known.
  func moments(of parameters: [StoredTensor], step: Int?) -> Moments? {
    guard parameters.count == moments.count, let type = moments.first?.second.type else {
      return nil
    }
    var entries: [Moments.Entry] = []
    for (parameter, moment) in zip(parameters, moments) {
      guard parameter.shape == moment.second.shape, moment.second.type.isFloatingPoint else {
        return nil
      }
      entries.append(
        Moments.Entry(
          parameter: parameter.name, firstMoment: moment.first, secondMoment: moment.second))
    }
    var flags = flags
    if entries.contains(where: { $0.secondMoment.type.byteWidth < 4 }) {
      flags.append("low_precision_moments")
    }
    return Moments(
      kind: kind, beta1: beta1, beta2: kind == "adagrad" ? nil : beta2, step: step,
      elementType: type, entries: entries, flags: flags)
  }
}
