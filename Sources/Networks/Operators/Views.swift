// Operators that change no value: the same memory in another shape, or under another name. They
// leave nothing for the executor to do.
internal import Diagnostics
internal import Tensors

enum Views {
  static let identity: OperatorBinding = { binder, site throws(Problem) in
    binder.set(site, try binder.value(site, 0))
  }

  /// Evaluation mode: dropout is the identity, and its mask is all ones.
  static let dropout = Binder.lowered { lower throws(Problem) in
    let input = try lower.input(0)
    if let training = try lower.binder.integers(lower.site, 2), training.first == 1 {
      // A ratio of zero drops nothing in training either.
      guard try lower.binder.reals(lower.site, 1)?.first == 0 else {
        throw lower.site.unsupported(
          "it is in training mode, export the network in evaluation mode")
      }
    }
    try lower.finish(input)
    guard lower.wants(1) else { return }
    let shape = Shape(try lower.shape(input))
    try lower.finish(
      lower.constant(
        HostArray(shape: shape, type: .bool, integers: [Int64](repeating: 1, count: shape.count))),
      output: 1)
  }

  /// Among real types everything is float32 here; integers and booleans are real numbers without a
  /// fraction.
  static let cast = Binder.lowered { lower throws(Problem) in
    let code = try lower.site.integer("to", default: 1)
    guard let type = ONNXType(rawValue: code) else {
      throw lower.site.unsupported("a cast to element type \(code)")
    }
    var name = try lower.input(0)
    if type == .bool {
      name = try lower("Not", [try lower("Not", [name])])
    } else if !type.isFloatingPoint {
      let term = try lower.placedTerm(name)
      name = lower.name(
        try Unary.emit(lower.binder, lower.site, CK.truncate, term))
    }
    try lower.finish(name)
  }

  static let castLike: OperatorBinding = { binder, site throws(Problem) in
    binder.set(site, try binder.value(site, 0))
  }

  static let reshape: OperatorBinding = { binder, site throws(Problem) in
    guard let target = try binder.integers(site, 1) else { throw site.invalid("it has no shape") }
    let shape = try site.reshape(try binder.shape(site, 0), to: target)
    binder.set(site, try binder.view(site, 0, as: shape))
  }

  static let flatten: OperatorBinding = { binder, site throws(Problem) in
    let shape = try site.flatten(try binder.shape(site, 0))
    binder.set(site, try binder.view(site, 0, as: shape))
  }

  static let squeeze: OperatorBinding = { binder, site throws(Problem) in
    let axes = try binder.axes(site)
    let shape = try site.squeeze(try binder.shape(site, 0), axes: axes)
    binder.set(site, try binder.view(site, 0, as: shape))
  }

  static let unsqueeze: OperatorBinding = { binder, site throws(Problem) in
    guard let axes = try binder.axes(site) else {
      throw site.invalid("it names no axes")
    }
    let shape = try site.unsqueeze(try binder.shape(site, 0), axes: axes)
    binder.set(site, try binder.view(site, 0, as: shape))
  }
}
