// Owned float32 memory with a stable address, aligned for vector loads.

/// Memory that several threads may read while nobody writes it.
///
/// Safe to share: it is written only before it is published (parameters, constants), or by the one
/// network that owns it (activations, deltas).
final class FloatBuffer: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  /// The array whose memory this is; nil if it is our own.
  private let owner: [Float]?

  /// Uninitialised memory for `count` values.
  init(count: Int) {
    self.count = count
    owner = nil
    pointer = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64
    ).bindMemory(to: Float.self, capacity: max(count, 1))
    #if DEBUG
      // So that tests see what is read before it is written.
      pointer.update(repeating: .nan, count: count)
    #endif
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

  /// The memory of an array, to read only.
  ///
  /// An array of floats is one heap object whose elements do not move while somebody holds it and
  /// nobody writes to it; holding it here keeps both true, as a copy-on-write holder forces writers to
  /// move elsewhere.
  init(sharing values: [Float]) {
    count = values.count
    owner = values
    pointer = values.withUnsafeBufferPointer { source in
      // An empty array has no memory, and is never read.
      UnsafeMutablePointer(
        mutating: source.baseAddress ?? UnsafePointer(FloatBuffer.nothing.pointer))
    }
  }

  private static let nothing = FloatBuffer(count: 0)

  deinit { if owner == nil { pointer.deallocate() } }
}
