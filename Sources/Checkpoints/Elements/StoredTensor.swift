public import Tensors

/// A named array inside a checkpoint, not yet read.
public struct StoredTensor: Sendable {
  /// The name that the checkpoint gives it, prefixes and all.
  public let name: String
  /// The logical extents.
  public let shape: Shape
  /// The stored element type.
  public let type: ElementType
  /// An earlier tensor of the checkpoint with the very same elements in the file.
  public internal(set) var sharedWith: String?
  /// Whether they are in the same order too: tied weights, one parameter. A transposed view is one of its own.
  public internal(set) var isTied = false
  /// Where the elements are; of a tensor in several pieces, where the first one is.
  let location: TensorLocation
  /// All pieces, when there are several.
  let assembly: TensorAssembly?
  /// How the elements are brought into plain form; nil when they lie in the files as they are.
  let encoding: (any TensorEncoding)?
  /// Whether the format itself says that no gradient reaches it.
  var isState = false
  /// What it is computed from, when it lies nowhere.
  let product: LowRankProduct?

  init(
    name: String, shape: Shape, type: ElementType, location: TensorLocation,
    encoding: (any TensorEncoding)? = nil
  ) {
    self.name = name
    self.shape = shape
    self.type = type
    self.location = location
    self.encoding = encoding
    assembly = nil
    product = nil
  }

  /// A product of two tensors; computed in float32.
  init(name: String, shape: Shape, product: LowRankProduct) {
    self.name = name
    self.shape = shape
    type = .float32
    location = product.a.location
    assembly = nil
    encoding = nil
    self.product = product
  }

  init(name: String, shape: Shape, type: ElementType, assembly: TensorAssembly) {
    self.name = name
    self.shape = shape
    self.type = type
    location = assembly.pieces[0].location
    self.assembly = assembly.pieces.count > 1 ? assembly : nil
    encoding = nil
    product = nil
  }

  /// Whether the checkpoint holds only what this is computed from: an adapter's product.
  public var isComputed: Bool { product != nil }

  /// The same elements under another name.
  func renamed(_ name: String) -> StoredTensor {
    guard let assembly else {
      return StoredTensor(
        name: name, shape: shape, type: type, location: location, encoding: encoding)
    }
    return StoredTensor(name: name, shape: shape, type: type, assembly: assembly)
  }

  /// Whether this is state that no gradient reaches: integers and booleans, the running statistics of
  /// normalisation layers, the singular vectors of torch's spectral_norm, old and new, and what torch's quantization
  /// observes.
  public var isBuffer: Bool {
    let leaf = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).last
    let buffers = ["running_mean", "running_var", "num_batches_tracked"]
    let vectors =
      ["weight_u", "weight_v"] + (name.contains("parametrizations.") ? ["_u", "_v"] : [])
    return isState || !type.isFloatingPoint
      || shape.rank == 1 && vectors.contains { leaf?.elementsEqual($0.utf8) ?? false }
      || buffers.contains { leaf?.elementsEqual($0.utf8) ?? false }
      || name.contains("activation_post_process.") || name.contains("_fake_quant.")
  }
}

extension [StoredTensor] {
  /// The same with the masks of torch.nn.utils.prune as state: `weight_mask`, beside the weight itself in
  /// `weight_orig`.
  func withPruningMasks() -> [StoredTensor] {
    guard contains(where: { $0.name.hasSuffix("_mask") }) else { return self }
    let names = Set(map(\.name))
    return map { tensor in
      guard tensor.name.hasSuffix("_mask"), names.contains("\(tensor.name.dropLast(5))_orig") else {
        return tensor
      }
      var mask = tensor
      mask.isState = true
      return mask
    }
  }
}

/// A strided view into a span of bytes of one of the checkpoint's files.
struct TensorLocation: Sendable, Hashable {
  /// Index of the file among the checkpoint's.
  var file: Int
  /// The span that holds the storage: a zip record's data, or a tensor's range in safetensors.
  var storageOffset: Int
  var storageBytes: Int
  /// The first element, counted in elements from the start of the storage.
  var firstElement: Int
  /// Elements between neighbours along each axis; nil when row-major without gaps.
  var strides: [Int]?
  var isBigEndian: Bool
  /// Index of the zip record whose checksum covers the storage.
  var record: Int?
}

extension TensorLocation {
  /// Checks a view that a file claims: every element it reaches lies in the storage, strides are
  /// not negative, and overlapping elements (stride 0) do not multiply a small storage into a vast
  /// tensor. Returns nil when the view is not acceptable.
  static func checking(
    file: Int, storageOffset: Int, storageBytes: Int, firstElement: Int, strides: [Int],
    shape: Shape, type: ElementType, isBigEndian: Bool, record: Int?
  ) -> TensorLocation? {
    guard firstElement >= 0, strides.count == shape.rank else { return nil }
    let capacity = storageBytes / type.byteWidth
    var location = TensorLocation(
      file: file, storageOffset: storageOffset, storageBytes: storageBytes,
      firstElement: firstElement, strides: nil, isBigEndian: isBigEndian, record: record)
    if shape.count == 0 {
      location.firstElement = 0
      return location
    }
    var last = firstElement
    for (extent, stride) in zip(shape.dimensions, strides) {
      guard stride >= 0 else { return nil }
      let (reach, overflow) = stride.multipliedReportingOverflow(by: extent - 1)
      guard !overflow else { return nil }
      let (sum, tooFar) = last.addingReportingOverflow(reach)
      guard !tooFar, sum < capacity else { return nil }
      last = sum
    }
    guard last < capacity, shape.count <= max(capacity, largestExpansion) else { return nil }
    let isRowMajor = zip(zip(shape.dimensions, strides), shape.strides).allSatisfy {
      $0.0 == 1 || $0.1 == $1
    }
    if !isRowMajor { location.strides = strides }
    return location
  }

  /// The most elements that a view may have beyond those of its storage (64 Mi).
  private static let largestExpansion = 1 << 26
}
