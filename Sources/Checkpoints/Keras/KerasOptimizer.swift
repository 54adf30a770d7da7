// What a Keras 3 optimizer keeps (keras/src/optimizers): 0 the iteration, 1 the learning rate, averages of
// the weights and summed gradients where those are asked for, then of Adam a momentum and a velocity per
// trainable variable, in the order of the model.
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
  /// What Adagrad's sums begin at.
  let initialSum: Double?

  /// - Parameters:
  ///   - variables: all of the optimizer's, from the iteration on.
  ///   - name: `adam`, or nil when the file does not say.
  ///   - config: the optimizer's configuration, where the file has one.
  ///   - weights: the shapes of the variables that it may train, in any order.
  /// - Returns: also why there are no moments.
  static func read(
    _ variables: [StoredTensor], name: String?, config: JSONValue?, weights: [Shape]
  ) -> (optimizer: KerasOptimizer?, why: String) {
    // What scales the loss keeps no moments itself.
    let isScaled = config?["class_name"]?.text == "LossScaleOptimizer"
    let config = isScaled ? config?["config"]?["inner_optimizer"] : config
    let className = bare(config?["class_name"]?.text ?? name ?? "adam")
    let settings = config?["config"]
    // Scalars stand first: iteration and learning rate; Nadam's running product is first or last.
    var rest = Array(variables.drop { $0.shape.rank == 0 })
    if className == "nadam", rest.last?.shape.rank == 0 { rest.removeLast() }
    let kind: String
    switch className {
    case "adam", "adamw", "nadam": kind = "adam"
    case "rmsprop", "adagrad": kind = className
    default: return (nil, "\(className) keeps no second moment that is known")
    }
    guard !rest.isEmpty else { return (nil, "it has made no step yet") }
    let layouts = KerasOptimizerLayout.all(of: kind, settings).compactMap { layout in
      layout.moments(in: rest).map { (layout: layout, moments: $0) }
    }
    // Several fit the shapes alone, when nothing says what was asked for: one fits the model.
    let wanted = weights.map(\.dimensions).sorted { $0.lexicographicallyPrecedes($1) }
    let fitting = layouts.filter { _, moments in
      moments.map(\.second.shape.dimensions).sorted { $0.lexicographicallyPrecedes($1) } == wanted
    }
    guard let found = layouts.count == 1 ? layouts.first : fitting.first,
      layouts.count == 1 || fitting.count == 1
    else {
      return (
        nil,
        layouts.isEmpty
          ? "its variables are not a momentum and a velocity each"
          : "its variables can be read in several ways"
      )
    }
    return (
      KerasOptimizer(
        kind: kind, moments: found.moments,
        flags: kind == "adam" && found.layout.extra > 0 ? ["amsgrad"] : [],
        beta1: kind == "adam" ? settings?["beta_1"]?.double : nil,
        beta2: kind == "adam" ? settings?["beta_2"]?.double : settings?["rho"]?.double,
        initialSum: settings?["initial_accumulator_value"]?.double), ""
    )
  }

  /// `AdamW`, `adam_w` and `adam_w_1` (the second of its kind in a program) are one.
  private static func bare(_ name: String) -> String {
    var parts = name.lowercased().split(separator: "_")
    if parts.count > 1, let last = parts.last, Int(last) != nil { parts.removeLast() }
    return parts.joined()
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
      kind: kind, beta1: beta1, beta2: kind == "adagrad" ? nil : beta2,
      initialSum: kind == "adagrad" ? initialSum : nil, step: step,
      elementType: type, entries: entries, flags: flags)
  }
}
