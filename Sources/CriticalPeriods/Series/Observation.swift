import Glibc

/// A `SeriesPoint` reduced to what the rule reads about one subject: the run, or one of its layers.
struct Observation: Sendable {
  let segment: Int
  let step: Int
  /// log2(step); nil at step 0, which log-step time has no place for.
  let doublings: Double?
  /// Positive and finite, or nil.
  let information: Double?
  let standardError: Double?
  /// N numbers, the same examples at every checkpoint; forgotten when nothing will be compared with them.
  var contributions: [Double]?
  /// Names and parts of the whole, summing to 1; empty when unknown.
  let parts: [String]
  let shares: [Double]
  /// How many layers the network has, or 0 where that is unknown.
  let layers: Int
  /// Whether `shares` are one layer's and the rest's.
  let isLayer: Bool
  let plasticity: Plasticity?
  let confidence: Double?
  let jacobianTrace: Double?
  let scaleFreeTrace: Double?
  let temperedTrace: Double?
  let referenceEntropy: Double?
  let entropy: Double?
  let learningRate: Double?
  let weightNorm: Double?
  /// Mean loss, nats, 0 or more.
  let loss: Double?
  /// In 0 … 1.
  let accuracy: Double?
  /// H(Y) of the probe's targets, nats.
  let targetEntropy: Double?
  let epoch: Double?
  let isAdaptive: Bool?
  /// Of a layer: whether an end of the whole run was out of the question; nil where progress tells nothing.
  let runIsEarly: Bool?

  /// The run as a whole: the shares are those of all layers.
  init(run point: SeriesPoint) {
    let weights = point.layers.map { finite($0.share ?? $0.information) }
    self.init(
      point, information: point.information, standardError: point.informationStandardError,
      contributions: point.contributions ?? summed(point.layers.map(\.contributions)),
      parts: point.layers.map(\.name), weights: weights, plasticity: point.plasticity,
      scaleFreeTrace: point.scaleFreeTrace, weightNorm: point.weightNorm)
  }

  /// One layer: its share against that of all others together.
  ///
  /// - Parameters:
  ///   - place: where among the point's layers it is looked for first.
  ///   - whole: the point's `wholeOfLayers`.
  init(
    layer name: String, at place: Int, of point: SeriesPoint, whole: Double, runIsEarly: Bool?
  ) {
    let isThere = point.layers.indices.contains(place) && point.layers[place].name == name
    let layer = isThere ? point.layers[place] : point.layers.first { $0.name == name }
    let own = finite(layer?.share ?? layer?.information)
    self.init(
      point, information: layer?.information, standardError: layer?.informationStandardError,
      contributions: layer?.contributions, parts: [name, ""],
      weights: [own, own.map { max(whole - $0, 0) }], plasticity: nil, scaleFreeTrace: nil,
      weightNorm: nil, isLayer: true, runIsEarly: runIsEarly)
  }

  private init(
    _ point: SeriesPoint, information: Double?, standardError: Double?, contributions: [Double]?,
    parts: [String], weights: [Double?], plasticity: Plasticity?, scaleFreeTrace: Double?,
    weightNorm: Double?, isLayer: Bool = false, runIsEarly: Bool? = nil
  ) {
    segment = point.segment
    step = point.step
    doublings = point.step > 0 ? log2(Double(point.step)) : nil
    self.information = positive(information)
    self.standardError = finite(standardError).flatMap { $0 >= 0 ? $0 : nil }
    self.contributions = contributions.flatMap { values in
      values.count > 1 && values.allSatisfy(\.isFinite) ? values : nil
    }
    layers = point.layers.count
    shares = normalised(weights)
    self.isLayer = isLayer
    self.parts = shares.isEmpty ? [] : parts
    self.plasticity = plasticity.flatMap { $0.bitsPerDoubling.isFinite ? $0 : nil }
    confidence = positive(point.confidence)
    jacobianTrace = positive(point.jacobianTrace)
    self.scaleFreeTrace = positive(scaleFreeTrace)
    learningRate = rate(point.learningRate)
    self.weightNorm = positive(weightNorm)
    temperedTrace = isLayer ? nil : positive(point.temperedTrace)
    referenceEntropy = isLayer ? nil : positive(point.referenceEntropy)
    entropy = isLayer ? nil : positive(point.entropy)
    loss = finite(point.loss).flatMap { $0 >= 0 ? $0 : nil }
    accuracy = finite(point.accuracy).flatMap { (0...1).contains($0) ? $0 : nil }
    targetEntropy = positive(point.targetEntropy)
    epoch = finite(point.epoch).flatMap { $0 >= 0 ? $0 : nil }
    isAdaptive = point.isAdaptive
    self.runIsEarly = runIsEarly
  }
}

extension SeriesPoint {
  /// What all layers hold together; NaN where the part of one is not known.
  var wholeOfLayers: Double {
    layers.reduce(0) { $0 + (finite($1.share ?? $1.information) ?? .nan) }
  }
}

private func finite(_ value: Double?) -> Double? {
  value.flatMap { $0.isFinite ? $0 : nil }
}

private func positive(_ value: Double?) -> Double? {
  value.flatMap { $0.isFinite && $0 > 0 ? $0 : nil }
}

/// A learning rate: what no float32 could move a weight by is none, and what would overflow is no rate.
private func rate(_ value: Double?) -> Double? {
  finite(value).flatMap { (0...1e30).contains($0) ? ($0 < 1e-30 ? 0 : $0) : nil }
}

/// The sum over layers of every example's contributions; nil unless all layers have them.
private func summed(_ layers: [[Double]?]) -> [Double]? {
  guard let first = layers.first, var total = first else { return nil }
  for layer in layers.dropFirst() {
    guard let layer, layer.count == total.count else { return nil }
    for n in total.indices { total[n] += layer[n] }
  }
  return total
}

/// Weights scaled to sum to 1; empty when one is missing or negative, or all are zero.
private func normalised(_ weights: [Double?]) -> [Double] {
  var known: [Double] = []
  for weight in weights {
    guard let weight, weight >= 0 else { return [] }
    known.append(weight)
  }
  let whole = known.reduce(0, +)
  guard known.count > 1, whole > 0, whole.isFinite else { return [] }
  return known.map { $0 / whole }
}
