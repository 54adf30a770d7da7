// One pass over one tensor: digest, sums, and the caller's own look.
internal import CKernels
internal import Diagnostics
internal import Tensors

extension StoredTensor {
  /// Streams the tensor once.
  ///
  /// - Parameters:
  ///   - hashing: whether to take the digest of type, extents and content: packed, row-major and
  ///     little-endian whatever the container.
  ///   - visit: is given each block, packed and as float32.
  func summary(
    in file: (Int) -> InputFile, with reader: BlockReader? = nil, hashing: Bool = false,
    _ visit: (UnsafeRawBufferPointer, UnsafeBufferPointer<Float>) throws(Problem) -> Void = {
      _, _ throws(Problem) in
    }
  ) throws(Problem) -> TensorSummary {
    let reader = reader ?? BlockReader(elements: min(shape.count, BlockReader.blockBytes / 8))
    var sums = ck_sums()
    var hash = SHA256()
    if hashing {
      hash.add(type.rawValue)
      hash.add(shape.rank)
      for extent in shape.dimensions { hash.add(extent) }
    }
    try reader.forEachBlock(of: self, in: file) { (packed, floats) throws(Problem) in
      guard let bytes = packed.baseAddress, let widened = floats.baseAddress else { return }
      type.add(bytes, widened: widened, count: floats.count, to: &sums)
      if hashing { hash.add(packed) }
      try visit(packed, floats)
    }
    return TensorSummary(
      count: shape.count, sum: sums.sum, sumAbsolute: sums.sum_absolute,
      sumSquares: sums.sum_squares, nanCount: Int(sums.nan_count),
      infiniteCount: Int(sums.infinite_count), digest: hashing ? hexadecimal(hash.digest()) : nil)
  }

  /// Whether the tensor's packed little-endian bytes are exactly those of its storage.
  var fillsItsStorage: Bool {
    assembly == nil && encoding == nil && product == nil && location.strides == nil
      && location.firstElement == 0
      && !location.isBigEndian
      && shape.count * type.byteWidth == location.storageBytes
  }
}
