// Strided views, read in blocks through small windows, against element-by-element indexing.
import Diagnostics
import Tensors
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct ViewTests {
  @Test func anyViewIsReadAsItsIndicesSay() throws {
    let seed: UInt64 = 31
    var random = Seeded(seed: seed)
    let folder = try TemporaryFolder()
    let stored = (0..<4_000).map { _ in Int16.random(in: .min ... .max, using: &random) }
    let elements: [UInt8] = stored.flatMap { little(UInt64(UInt16(bitPattern: $0)), 2) }
    let bytes = [9, 9, 9] + elements
    let file = try InputFile.open(try folder.write(bytes, as: "x"))
    var views = 0
    while views < 300 {
      let rank = Int.random(in: 0...4, using: &random)
      let extents = (0..<rank).map { _ in Int.random(in: 0...6, using: &random) }
      let strides = (0..<rank).map { _ in Int.random(in: 0...130, using: &random) }
      let first = Int.random(in: 0...300, using: &random)
      let shape = Shape(extents)
      let location = TensorLocation.checking(
        file: 0, storageOffset: 3, storageBytes: stored.count * 2, firstElement: first,
        strides: strides, shape: shape, type: .int16, isBigEndian: false, record: nil)
      guard let location else { continue }
      views += 1
      let tensor = StoredTensor(name: "w", shape: shape, type: .int16, location: location)
      let truth = (0..<shape.count).map { index -> Float in
        var (rest, element) = (index, first)
        for (extent, stride) in zip(extents, strides).reversed() {
          element += rest % extent * stride
          rest /= extent
        }
        return Float(stored[element])
      }
      for (blockElements, span, window) in [
        (1_000, 1 << 20, 0), (7, 0, 2), (3, 0, 50), (5, 0, 4_096),
      ] {
        let reader = BlockReader(
          elements: blockElements, limits: GatherLimits(spanBytes: span, windowBytes: window))
        var read: [Float] = []
        try reader.forEachBlock(of: tensor, in: { _ in file }) { (_, floats) throws(Problem) in
          #expect(floats.count <= blockElements)
          read += floats
        }
        #expect(
          read == truth,
          "seed \(seed): \(extents), strides \(strides), first \(first), window \(window)")
      }
    }
  }
}
