import Diagnostics
import Foundation
import Tensors
import Testing

@testable import Checkpoints

/// Chunks of zarr arrays put together, whatever their extents and the way they are decoded.
@Suite struct ZarrTests {
  private static let complaint = Complaint(format: "orbax", path: "x")

  /// An array of float32 with these extents and chunks, its values counted from 1, cut into chunks by the
  /// definition; one chunk is left out, and reads as the fill value.
  private func array(
    shape: [Int], chunk: [Int], missing: Int
  ) throws -> (chunks: ZarrChunks, values: [Float]) {
    let json = """
      {"shape":\(shape),"chunks":\(chunk),"dtype":"<f4","compressor":null,"filters":null,\
      "order":"C","fill_value":-1.5,"zarr_format":2}
      """
    let parsed = try JSONValue.parse(Array(json.utf8), path: "x")
    let array = try #require(try ZarrArray.version2(parsed, "w", Self.complaint).array)
    let all = Shape(shape)
    var values = (0..<all.count).map { Float($0 + 1) }
    let counts = zip(shape, chunk).map { ($0 + $1 - 1) / $1 }
    var stored: [String: StoredValue] = [:]
    for place in 0..<counts.reduce(1, *) {
      let cell = Self.coordinates(place, counts)
      var bytes: [UInt8] = []
      for inner in 0..<chunk.reduce(1, *) {
        let at = zip(zip(cell, chunk), Self.coordinates(inner, chunk)).map { $0.0 * $0.1 + $1 }
        let isInside = zip(at, shape).allSatisfy { $0 < $1 }
        let index = zip(at, all.strides).reduce(0) { $0 + $1.0 * $1.1 }
        let value = isInside ? values[index] : 99
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32($0))) }
      }
      if place != missing { stored[array.key(cell)] = .inline(bytes) }
    }
    for index in values.indices {
      let at = Self.coordinates(index, shape)
      let place = zip(zip(at, chunk), counts).reduce(0) { $0 * $1.1 + $1.0.0 / $1.0.1 }
      if place == missing { values[index] = -1.5 }
    }
    return (try #require(ZarrChunks(array, values: stored, Self.complaint)), values)
  }

  private static func coordinates(_ index: Int, _ extents: [Int]) -> [Int] {
    var left = index
    return extents.reversed().map { extent in
      defer { left /= extent }
      return left % extent
    }.reversed()
  }

  private func read(_ stream: any ElementStream, count: Int, by step: Int) throws -> [Float] {
    var stream = stream
    var values = [Float](repeating: 0, count: count)
    try values.withUnsafeMutableBytes { buffer in
      var done = 0
      while done < count {
        let run = min(step, count - done)
        try stream.read(
          run,
          into: UnsafeMutableRawBufferPointer(rebasing: buffer[(done * 4)..<((done + run) * 4)]))
        done += run
      }
    }
    return values
  }

  @Test(arguments: [
    ([7], [3]), ([7, 5], [3, 2]), ([7, 5], [3, 5]), ([4, 6, 5], [2, 4, 3]),
    ([5, 3, 4], [5, 2, 4]),
    ([2, 3, 4, 5], [1, 2, 3, 4]), ([], []), ([1, 9], [1, 4]),
  ])
  func chunksMakeTheArray(shape: [Int], chunk: [Int]) throws {
    for missing in [-1, 0, 1] {
      let (chunks, values) = try array(shape: shape, chunk: chunk, missing: missing)
      let location = TensorLocation(
        file: 0, storageOffset: 0, storageBytes: 0, firstElement: 0, strides: nil,
        isBigEndian: false, record: nil)
      let tensor = StoredTensor(
        name: "w", shape: Shape(shape), type: .float32, location: location, encoding: chunks)
      for step in [1, 3, 1_000] {
        #expect(try read(chunks.stream(of: tensor), count: values.count, by: step) == values)
        if let bands = ZarrBands(chunks, smallBand: 0) {
          #expect(try read(bands, count: values.count, by: step) == values)
        }
      }
    }
  }
}
