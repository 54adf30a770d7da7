// DFT and STFT: discrete Fourier transforms as one product with a known matrix of cosines and sines
// (onnx Operators.md).
internal import Diagnostics
internal import Glibc
internal import Tensors

enum Fourier {
  static let transform = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let input = try lower.input(0)
    let rank = try lower.shape(input).count
    // The axis became an input in operator set 20, and was counted without the last one before.
    let named = try lower.binder.integers(site, 2)?.first
    let attribute = try site.integer("axis", default: site.operatorSet < 20 ? 1 : -2)
    let axis = try site.axis(named ?? attribute, rank: rank)
    let length = try lower.binder.integers(site, 1)?.first
    try lower.finish(
      try transform(
        lower, input, axis: axis, length: length,
        isInverse: try site.integer("inverse", default: 0) == 1,
        isOneSided: try site.integer("onesided", default: 0) == 1))
  }

  static let shortTime = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let signal = try lower.input(0)
    let shape = try lower.shape(signal)
    guard let step = try lower.binder.integers(site, 1)?.first, step > 0,
      shape.count == 2 || shape.count == 3
    else { throw site.invalid("signals \(shape)") }
    let windowLength = try lower.optionalInput(2).map { name throws(Problem) in
      try lower.shape(name).first ?? 0
    }
    guard let length = try lower.binder.integers(site, 3)?.first ?? windowLength,
      length > 0, length <= shape[1], windowLength ?? length == length
    else { throw site.invalid("frames longer than \(shape[1])") }
    // [n, entries, c] → [n, frames, length, c]
    let count = (shape[1] - length) / step + 1
    let places = try site.shape([count, length])
    let indices = lower.constant(
      HostArray(
        shape: places, type: .int64,
        integers: (0..<places.count).map { Int64($0 / length * step + $0 % length) }))
    let whole = shape.count == 3 ? signal : try lower("Unsqueeze", [signal, lower.list([2])])
    var frames = try lower("Gather", [whole, indices], ["axis": .integer(1)])
    if let window = lower.optionalInput(2) {
      frames = try lower("Mul", [frames, try lower.reshape(window, [length, 1])])
    }
    try lower.finish(
      try transform(
        lower, frames, axis: 2, length: nil, isInverse: false,
        isOneSided: try site.integer("onesided", default: 1) == 1))
  }

  /// The transform along one axis of an array whose last axis holds real and imaginary parts, or real
  /// ones alone.
  private static func transform(
    _ lower: Lowering, _ input: String, axis: Int, length: Int?, isInverse: Bool,
    isOneSided: Bool
  ) throws(Problem) -> String {
    let site = lower.site
    let shape = try lower.shape(input)
    guard let parts = shape.last, parts == 1 || parts == 2, axis < shape.count - 1 else {
      throw site.invalid("an array \(shape) of complex numbers along axis \(axis)")
    }
    // One side of a spectrum gives a real signal: the other is its conjugate.
    let isReal = isOneSided && isInverse
    guard !isReal || parts == 2, shape[axis] < 1 << 20 else {
      throw site.invalid("one side of a spectrum \(shape) along axis \(axis)")
    }
    let period = length ?? (isReal ? 2 * (shape[axis] - 1) : shape[axis])
    guard period > 0, period < 1 << 20 else { throw site.invalid("a transform of \(period)") }
    let side = period / 2 + 1
    let used = min(shape[axis], isReal ? side : period)
    let (kept, results) = (isOneSided && !isInverse ? side : period, isReal ? 1 : 2)
    let matrix = try matrix(
      site, used: used, parts: parts, period: period, kept: kept, results: results,
      isInverse: isInverse)
    // The axis goes before the last one, and both become one: [.., n · parts] · [n · parts, k · results].
    var name = input
    if shape[axis] > used { name = try lower.slice(name, axis: axis, 0..<used) }
    var order = Array(shape.indices)
    order.remove(at: axis)
    order.insert(axis, at: shape.count - 2)
    name = try lower.transpose(name, order)
    let moved = try lower.shape(name)
    let outer = Array(moved.dropLast(2))
    let rows = lower.constant(matrix)
    name = try lower.reshape(name, outer + [moved[moved.count - 2] * parts])
    name = try lower.reshape(try lower("MatMul", [name, rows]), outer + [kept, results])
    let back = order.indices.map { place in order.firstIndex(of: place) ?? place }
    return try lower.transpose(name, back)
  }

  /// `[used · parts, kept · results]`: entries beyond `used` are zeros, which need no rows. With one result,
  /// the real one, entries stand for their conjugates too.
  private static func matrix(
    _ site: NodeSite, used: Int, parts: Int, period: Int, kept: Int, results: Int, isInverse: Bool
  ) throws(Problem) -> HostArray {
    var limited = site
    limited.largest = NodeSite.largestKnownArray
    let shape = try limited.shape([used * parts, kept * results])
    var values = [Double](repeating: 0, count: shape.count)
    let scale = isInverse ? 1 / Double(period) : 1
    for j in 0..<used {
      // The mean and, of an even number, the fastest oscillation are their own conjugates.
      let weight = results == 1 && j > 0 && 2 * j != period ? 2 * scale : scale
      for k in 0..<kept {
        // The angle's multiple of a turn is taken off before rounding.
        let angle = 2 * Double.pi * Double(j * k % period) / Double(period)
        let (cosine, sine) = (cos(angle) * weight, (isInverse ? -1 : 1) * sin(angle) * weight)
        let real = (j * parts * kept + k) * results
        let imaginary = real + kept * results
        values[real] = cosine
        if parts == 2 { values[imaginary] = sine }
        guard results == 2 else { continue }
        values[real + 1] = -sine
        if parts == 2 { values[imaginary + 1] = cosine }
      }
    }
    return HostArray(shape: shape, reals: values)
  }
}
