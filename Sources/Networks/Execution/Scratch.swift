// Memory that the operators of one network use one after the other, and none of them keeps.

/// Scratch memory of a network: as large as the operator that wants most.
final class Scratch {
  private var wanted = 0
  private var buffer: FloatBuffer?

  /// States that `count` values will be asked for.
  func reserve(_ count: Int) { wanted = max(wanted, count) }

  /// The memory; what it holds is whatever the last user left.
  var pointer: UnsafeMutablePointer<Float> {
    if let buffer, buffer.count >= wanted { return buffer.pointer }
    let grown = FloatBuffer(count: wanted)
    buffer = grown
    return grown.pointer
  }
}
