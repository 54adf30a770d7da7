// What the daemon keeps of a checkpoint so that later ones can be compared with it when its file
// is gone: per-example sums for the paired bootstrap, moment sums, a random projection.

/// Evidence for later comparison; layers in the order of the report's `layers`.
public struct KeptEvidence: Codable, Sendable {
  /// Fisher contribution of each example to each layer, `[layers, examples]`.
  public var fisherPerExample: PackedFloats?
  /// Examples of the probe.
  public var examples: Int?
  /// The optimizer's running second moment summed over each layer.
  public var secondMoment: KeptMoments?
  /// A seeded random projection of each layer's weights, `[layers, dimension]`.
  public var projection: PackedFloats
  /// Components of one layer's projection.
  public var projectionDimension: Int

  /// Creates evidence.
  public init(
    fisherPerExample: PackedFloats?, examples: Int?, secondMoment: KeptMoments?,
    projection: PackedFloats, projectionDimension: Int
  ) {
    self.fisherPerExample = fisherPerExample
    self.examples = examples
    self.secondMoment = secondMoment
    self.projection = projection
    self.projectionDimension = projectionDimension
  }
}

/// Running moments, summed over each layer.
public struct KeptMoments: Codable, Sendable {
  /// β2 of the running mean; nil for a plain sum (Adagrad).
  public var beta2: Double?
  /// Optimizer steps that the mean has seen.
  public var optimizerSteps: Int
  /// Σ v over each layer; nil where the layer has no moments.
  public var sums: [Double?]
  /// What limits them.
  public var flags: [String]

  /// Creates moments.
  public init(beta2: Double?, optimizerSteps: Int, sums: [Double?], flags: [String]) {
    self.beta2 = beta2
    self.optimizerSteps = optimizerSteps
    self.sums = sums
    self.flags = flags
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
