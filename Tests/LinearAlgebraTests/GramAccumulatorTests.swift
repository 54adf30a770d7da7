import LinearAlgebra
import Testing

/// The same matrix in pieces and whole.
@Suite struct GramAccumulatorTests {
  static let matrix: [Float] = (0..<77).map { Float(($0 * 37 + 11) % 29) - 14 }

  @Test(arguments: [(7, 11), (11, 7), (77, 1), (1, 77)], [1, 3, 10, 77])
  func piecesMakeTheSameSingularValues(extents: (Int, Int), piece: Int) throws {
    let (rows, columns) = extents
    let whole = try #require(singularValues(Self.matrix, rows: rows, columns: columns))
    var meter = SingularValueMeter(rows: rows, columns: columns)
    Self.matrix.withUnsafeBufferPointer { all in
      for start in stride(from: 0, to: all.count, by: piece) {
        meter.add(UnsafeBufferPointer(rebasing: all[start..<min(start + piece, all.count)]))
      }
    }
    let order = min(rows, columns)
    let pieces = try #require(singularValues(gram: meter.takeGram(), order: order))
    // The elements are small integers: products and sums are exact, whatever their order.
    #expect(pieces == whole)
  }

  @Test func nothingIsHeldOfATallMatrix() {
    let (arriving, kept) = SingularValueMeter.bytes(rows: 50_000, columns: 1_000)
    #expect(kept == 8_000_000)
    #expect(arriving == kept + (2 << 20))
    #expect(SingularValueMeter.bytes(rows: 10, columns: 1_000).arriving == 800 + 40_000 + (2 << 20))
  }

  @Test func emptyMatrices() {
    var accumulator = GramAccumulator(rows: 0, columns: 2)
    #expect(accumulator.takeUpperTriangle() == [0, 0, 0, 0])
    var none = GramAccumulator(rows: 0, columns: 0)
    #expect(none.takeUpperTriangle() == [])
  }
}
