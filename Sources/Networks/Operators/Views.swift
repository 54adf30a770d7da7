// Operators that change no value: the same memory in another shape, or under another name. They
// leave nothing for the executor to do.
internal import Diagnostics
internal import Tensors

enum Views {
  static let identity: OperatorBinding = { binder, site throws(Problem) in
    binder.set(site, try binder.value(site, 0))
  }

  /// Evaluation mode: dropout is the identity.
  static let dropout: OperatorBinding = { binder, site throws(Problem) in
    if let training = try binder.integers(site, 2), training.first == 1 {
      throw site.unsupported("it is in training mode, export the network in evaluation mode")
    }
    binder.set(site, try binder.value(site, 0))
  }

  /// Among real types everything is float32 here.
  static let cast: OperatorBinding = { binder, site throws(Problem) in
    let type = ONNXType(rawValue: try site.integer("to", default: 1))
    guard let type, type.isFloatingPoint else {
      throw site.unsupported("activations cast to a type that is not real")
    }
    binder.set(site, try binder.value(site, 0))
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
