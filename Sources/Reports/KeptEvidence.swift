// What the daemon keeps of a checkpoint so that later ones can be compared with it when its file
// is gone: per-example sums for the paired bootstrap, moment sums, a random projection.

/// Evidence for later comparison.
public struct KeptEvidence: Codable, Sendable {
  /// Fisher contribution of each example to each layer, `[layers, examples]`, in the order of the
  /// report's layers.
  public var fisherPerExample: PackedFloats?
  /// Examples of the probe.
  public var examples: Int?
  /// The optimizer's running second moment.
  public var moments: KeptMoments?
  /// Each parameter's random projection.
  public var projections: [KeptProjection]

  /// Creates evidence.
  public init(
    fisherPerExample: PackedFloats?, examples: Int?, moments: KeptMoments?,
    projections: [KeptProjection]
  ) {
    self.fisherPerExample = fisherPerExample
    self.examples = examples
    self.moments = moments
    self.projections = projections
  }
}

/// Squared gradients that an optimizer gathered, summed over each layer.
public struct KeptMoments: Codable, Sendable {
  /// The decay of the running mean; null for a sum, and where layers differ in it.
  public var beta2: Double?
  /// The same of each layer, where they differ. Null where a layer's own parameters differ.
  public var layerBeta2: [Double?]?
  /// Whether it is a sum over all updates (Adagrad's), not a running mean.
  public var isSum: Bool?
  /// What every element of a sum began at; null where nobody knows.
  public var sumFrom: Double?
  /// Updates that it has seen.
  public var updates: Int
  /// The same of each layer, where they differ: layers that were frozen have had fewer. Null where a layer's
  /// own parameters differ.
  public var layerUpdates: [Int?]?
  /// Whether it was stored in 16 bits.
  public var lowPrecision: Bool
  /// The norm that gradients were clipped to; 0 for none, nil when nobody knows.
  public var gradientClipping: Double?
  /// Σ v over each layer, in the order of the report's layers; null where a layer has none.
  public var sums: [Double?]
  /// Elements summed over.
  public var elements: [Int]

  /// Creates moments.
  public init(
    beta2: Double?, updates: Int, lowPrecision: Bool, gradientClipping: Double? = nil,
    sums: [Double?], elements: [Int]
  ) {
    self.beta2 = beta2
    self.updates = updates
    self.lowPrecision = lowPrecision
    self.gradientClipping = gradientClipping
    self.sums = sums
    self.elements = elements
  }
}

extension KeptMoments {
  /// Updates of a layer; nil where its parameters differ in that.
  public func updates(ofLayer layer: Int) -> Int? {
    guard let layerUpdates, layerUpdates.indices.contains(layer) else { return updates }
    return layerUpdates[layer]
  }

  /// The decay of a layer's running mean; nil where its parameters differ in that.
  public func beta2(ofLayer layer: Int) -> Double? {
    guard let layerBeta2, layerBeta2.indices.contains(layer) else { return beta2 }
    return layerBeta2[layer]
  }
}

/// A seeded random projection of one parameter.
public struct KeptProjection: Codable, Sendable {
  /// The checkpoint's name of the parameter.
  public var name: String
  /// Index into the report's layers.
  public var layer: Int
  /// Elements of the parameter.
  public var count: Int
  /// ‖W‖², exact; null when an element is not finite.
  public var square: Double?
  /// The projection, or the parameter itself when it is small.
  public var values: PackedFloats

  /// Creates a projection.
  public init(name: String, layer: Int, count: Int, square: Double, values: PackedFloats) {
    self.name = name
    self.layer = layer
    self.count = count
    self.square = square.isFinite ? square : nil
    self.values = values
  }
}

extension KeptProjection {
  /// The seed of a parameter's projection, the same at every checkpoint: FNV-1a of its name.
  public static func seed(ofParameter name: String) -> UInt64 {
    name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}

/// Float32 values, little-endian, in base64: a plain scalar in YAML.
public struct PackedFloats: Codable, Sendable {
  /// The values.
  public let values: [Float]

  /// Wraps values.
  public init(_ values: [Float]) { self.values = values }

  /// Reads base64.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let bytes = Base64.decode(try container.decode(String.self)), bytes.count % 4 == 0 else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "expected base64 of whole float32 values")
    }
    values = bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { index in
        Float(
          bitPattern: UInt32(
            littleEndian: raw.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
      }
    }
  }

  /// Writes base64.
  public func encode(to encoder: any Encoder) throws {
    let bytes = values.map(\.bitPattern.littleEndian).withUnsafeBytes(Array.init)
    var container = encoder.singleValueContainer()
    try container.encode(Base64.encode(bytes))
  }
}
