// The host interpreter: operators on arrays that are known when the network is bound (shapes,
// indices, masks). A value folded here never reaches the executor. One line per operator below.
internal import Diagnostics
internal import Tensors

/// One node whose inputs are all known.
struct HostCall {
  let site: NodeSite
  let inputs: [HostArray?]

  /// A required input.
  func input(_ index: Int) throws(Problem) -> HostArray {
    guard index < inputs.count, let input = inputs[index] else {
      throw site.invalid("input \(index) is missing")
    }
    return input
  }

  /// An optional input.
  func optional(_ index: Int) -> HostArray? { index < inputs.count ? inputs[index] : nil }

  /// A required list of integers.
  func integers(_ index: Int) throws(Problem) -> [Int] {
    guard let integers = try input(index).integers else {
      throw site.invalid("input \(index) is not made of integers")
    }
    return integers.map { Int($0) }
  }

  /// An optional list of integers.
  func optionalIntegers(_ index: Int) throws(Problem) -> [Int]? {
    optional(index) == nil ? nil : try integers(index)
  }

  /// Axes from the input at `index`, or from the attribute that older operator sets use.
  func axes(_ index: Int) throws(Problem) -> [Int]? {
    if let axes = try optionalIntegers(index) { return axes }
    return try site.integers("axes")
  }
}

/// An operator on known arrays: one array per output.
typealias HostOperation = @Sendable (HostCall) throws(Problem) -> [HostArray]

/// Every operator that can be folded.
let hostOperations: [String: HostOperation] = [
  "Abs": HostElementwise.abs,
  "Add": HostElementwise.add,
  "And": HostElementwise.and,
  "ArgMax": HostReduction.largestPlace,
  "ArgMin": HostReduction.smallestPlace,
  "BitShift": HostElementwise.bitShift,
  "BitwiseAnd": HostElementwise.bitwiseAnd,
  "BitwiseNot": HostElementwise.bitwiseNot,
  "BitwiseOr": HostElementwise.bitwiseOr,
  "BitwiseXor": HostElementwise.bitwiseXor,
  "BlackmanWindow": HostWindows.blackman,
  "Cast": HostElementwise.cast,
  "CastLike": HostElementwise.castLike,
  "Ceil": HostElementwise.ceil,
  "Clip": HostElementwise.clip,
  "Compress": HostSelection.compress,
  "Concat": HostIndexing.concat,
  "ConstantOfShape": HostGeneration.constantOfShape,
  "CumSum": HostGeneration.cumulativeSum,
  "Div": HostElementwise.divide,
  "Equal": HostElementwise.equal,
  "Expand": HostIndexing.expand,
  "EyeLike": HostGeneration.eyeLike,
  "Flatten": HostShaping.flatten,
  "Floor": HostElementwise.floor,
  "Gather": HostIndexing.gather,
  "GatherElements": HostIndexing.gatherElements,
  "GatherND": HostIndexing.gatherND,
  "Greater": HostElementwise.greater,
  "GreaterOrEqual": HostElementwise.greaterOrEqual,
  "HammingWindow": HostWindows.hamming,
  "HannWindow": HostWindows.hann,
  "Identity": HostShaping.identity,
  "IsInf": HostElementwise.isInfinite,
  "IsNaN": HostElementwise.isNaN,
  "Less": HostElementwise.less,
  "LessOrEqual": HostElementwise.lessOrEqual,
  "Max": HostElementwise.maximum,
  "Min": HostElementwise.minimum,
  "Mod": HostElementwise.modulo,
  "Mul": HostElementwise.multiply,
  "Neg": HostElementwise.negate,
  "NonZero": HostSelection.nonZero,
  "Not": HostElementwise.not,
  "OneHot": HostSelection.oneHot,
  "Or": HostElementwise.or,
  "Pow": HostElementwise.power,
  "Range": HostGeneration.range,
  "ReduceL1": HostReduction.absoluteSum,
  "ReduceMax": HostReduction.maximum,
  "ReduceMean": HostReduction.mean,
  "ReduceMin": HostReduction.minimum,
  "ReduceProd": HostReduction.product,
  "ReduceSum": HostReduction.sum,
  "ReduceSumSquare": HostReduction.squareSum,
  "Reshape": HostShaping.reshape,
  "Round": HostElementwise.round,
  "ScatterElements": HostIndexing.scatterElements,
  "ScatterND": HostIndexing.scatterND,
  "Sign": HostElementwise.sign,
  "Slice": HostIndexing.slice,
  "Split": HostIndexing.split,
  "Sqrt": HostElementwise.squareRoot,
  "Squeeze": HostShaping.squeeze,
  "Sub": HostElementwise.subtract,
  "Sum": HostElementwise.sum,
  "Tile": HostIndexing.tile,
  "TopK": HostSelection.topK,
  "Transpose": HostIndexing.transpose,
  "Trilu": HostGeneration.triangle,
  "Unique": HostSelection.unique,
  "Unsqueeze": HostShaping.unsqueeze,
  "Where": HostElementwise.select,
  "Xor": HostElementwise.xor,
]
