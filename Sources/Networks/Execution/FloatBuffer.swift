// Owned float32 memory with a stable address, aligned for vector loads.

/// Memory that several threads may read while nobody writes it.
///
/// Safe to share: it is written only before it is published (parameters, constants), or by the one
/// network that owns it (activations, deltas).
final class FloatBuffer: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int

  /// Uninitialised memory for `count` values.
  init(count: Int) {
    self.count = count
    pointer = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64
    ).bindMemory(to: Float.self, capacity: max(count, 1))
  }

  convenience init(_ values: [Float]) {
    self.init(count: values.count)
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { pointer.update(from: base, count: source.count) }
    }
  }

  convenience init(_ values: [Double]) {
    self.init(count: values.count)
    for (index, value) in values.enumerated() { pointer[index] = Float(value) }
  }

  deinit { pointer.deallocate() }
}
