// Bytes that a reader writes. The standard library's initialisers do not let typed errors through.
internal import Diagnostics

extension [UInt8] {
  /// `count` bytes, all of which `fill` writes or else throws.
  init(
    count: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws(Problem) -> Void
  ) throws(Problem) {
    var problem: Problem?
    self.init(unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(Problem) {
        try fill(UnsafeMutableRawBufferPointer(buffer))
        initialized = count
      } catch {
        problem = error
      }
    }
    if let problem { throw problem }
  }
}
