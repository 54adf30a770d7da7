// One axis of an array as the C loops see it: [outer, length, inner] within one example.
internal import Diagnostics
internal import Tensors

struct AxisSpan {
  let outer: Int
  let length: Int
  let inner: Int

  /// The axis of an input's part per example, which must not be the examples' own.
  init(_ frame: Frame, axis: Int) throws(Problem) {
    guard axis != frame.exampleAxis(0) else { throw frame.site.examplesMoved() }
    let shape = try frame.leading(0).shape
    outer = shape[..<axis].reduce(1, *)
    length = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
  }

  var count: Int { outer * length * inner }
}
