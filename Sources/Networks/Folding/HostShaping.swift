// Folding of operators that change only the shape.
internal import Diagnostics
internal import Tensors

enum HostShaping {
  static let identity: HostOperation = { call throws(Problem) in [try call.input(0)] }

  static let reshape: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    return [input.reshaped(try call.site.reshape(input.shape, to: try call.integers(1)))]
  }

  static let squeeze: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    return [input.reshaped(try call.site.squeeze(input.shape, axes: try call.axes(1)))]
  }

  static let unsqueeze: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    guard let axes = try call.axes(1) else { throw call.site.invalid("it names no axes") }
    return [input.reshaped(try call.site.unsqueeze(input.shape, axes: axes))]
  }

  static let flatten: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    return [input.reshaped(try call.site.flatten(input.shape))]
  }
}
