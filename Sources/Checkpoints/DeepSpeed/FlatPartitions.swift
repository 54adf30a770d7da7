// Parameters that ZeRO flattened into one vector and cut among processes (deepspeed/runtime/zero).
internal import Tensors

/// One vector, in as many pieces as it was written in.
struct FlatVector {
  private let pieces: [StoredTensor]
  let count: Int
  let type: ElementType

  /// Nil unless the pieces are contiguous vectors of one type.
  init?(_ pieces: [StoredTensor]) {
    guard let first = pieces.first else { return nil }
    var count = 0
    for piece in pieces {
      guard piece.type == first.type, piece.shape.rank == 1, piece.location.strides == nil,
        piece.assembly == nil, piece.encoding == nil
      else { return nil }
      let (sum, overflow) = count.addingReportingOverflow(piece.shape.count)
      guard !overflow else { return nil }
      count = sum
    }
    self.pieces = pieces
    self.count = count
    type = first.type
  }

  /// Where the elements `start ..< start + count` lie; nil when they are not all there.
  func ranges(_ start: Int, _ count: Int) -> [(count: Int, location: TensorLocation)]? {
    guard start >= 0, count >= 0, start <= self.count, count <= self.count - start else {
      return nil
    }
    var ranges: [(count: Int, location: TensorLocation)] = []
    var (skipped, wanted) = (start, count)
    for piece in pieces where wanted > 0 {
      let here = piece.shape.count
      guard skipped < here else {
        skipped -= here
        continue
      }
      let run = min(wanted, here - skipped)
      var location = piece.location
      location.firstElement += skipped
      ranges.append((run, location))
      (skipped, wanted) = (0, wanted - run)
    }
    return ranges
  }
}

/// How a parameter is found in the vectors of the processes.
struct FlatLayout {
  /// Where each parameter begins in its group's vector, and in which group it is.
  let places: [(name: String, shape: Shape, group: Int, offset: Int)]
  let isCutPerParameter: Bool
  let processes: Int

  /// A parameter's elements. `vectors` are by group; where each parameter is cut by itself (ZeRO 3),
  /// by process. Nil when they are not all there.
  func tensor(_ index: Int, name: String, in vectors: [FlatVector]) -> StoredTensor? {
    let place = places[index]
    var ranges: [(count: Int, location: TensorLocation)] = []
    var type: ElementType?
    if isCutPerParameter {
      guard vectors.count == processes else { return nil }
      // Every process has as much of it, the last ones less where it does not divide.
      let part = share(of: place.shape.count)
      for (process, vector) in vectors.enumerated() {
        let mine = max(0, min(part, place.shape.count - process * part))
        guard let found = vector.ranges(place.offset, mine), type ?? vector.type == vector.type
        else { return nil }
        ranges += found
        type = vector.type
      }
    } else {
      guard vectors.indices.contains(place.group),
        let found = vectors[place.group].ranges(place.offset, place.shape.count)
      else { return nil }
      ranges = found
      type = vectors[place.group].type
    }
    guard let type else { return nil }
    if place.shape.count == 0 {
      let nowhere = TensorLocation(
        file: 0, storageOffset: 0, storageBytes: 0, firstElement: 0, strides: nil,
        isBigEndian: false, record: nil)
      return StoredTensor(name: name, shape: place.shape, type: type, location: nowhere)
    }
    guard let assembly = TensorAssembly(flat: ranges) else { return nil }
    return StoredTensor(name: name, shape: place.shape, type: type, assembly: assembly)
  }

  /// Elements of a parameter on one process.
  func share(of count: Int) -> Int { Self.share(of: count, among: processes) }

  /// Rounded up; the sum that one would divide may not be a number.
  static func share(of count: Int, among processes: Int) -> Int {
    count / processes + (count % processes == 0 ? 0 : 1)
  }
}
