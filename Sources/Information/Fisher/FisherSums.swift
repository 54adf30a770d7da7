// What a block of examples adds up: one number per parameter and example, and the diagonal.

/// Per-example sums and the diagonal of a block.
struct FisherSums: Sendable {
  let examples: Int
  /// Each `[parameters, examples]`.
  var fisher: [Double]
  var jacobian: [Double]
  var empirical: [Double]
  var scaleFree: [Double]
  /// The Fisher trace of the tempered prediction, where it comes out of the same pass.
  var tempered: [Double]
  /// By example, over all parameters: the part that even draws have in `fisher`.
  var evenDraws: [Double]
  /// Per parameter, its diagonal summed over the block's examples; empty when not kept.
  var diagonal: [[Float]]
  /// Per layer, the same of its recorded output by group of examples, `[groups, features]`; empty when
  /// not read.
  var layers: [[Float]]

  init(examples: Int, counts: [Int], layers: Int, keepsDiagonal: Bool) {
    self.examples = examples
    let zeros = [Double](repeating: 0, count: examples * counts.count)
    fisher = zeros
    jacobian = zeros
    empirical = zeros
    scaleFree = zeros
    tempered = zeros
    evenDraws = [Double](repeating: 0, count: examples)
    self.layers = [[Float]](repeating: [], count: layers)
    diagonal = counts.map { [Float](repeating: 0, count: keepsDiagonal ? $0 : 0) }
  }
}
