// y = α x W + b: rows of activations times a weight matrix that all examples share. One product over
// all N·K rows carries the cotangents; the weight's gradient is one product per example.
internal import CKernels
internal import LinearAlgebra
internal import Tensors

final class DenseLayer: Operator {
  private let x: Operand
  /// Rows per example, inputs, outputs.
  private let rows: Int
  private let i: Int
  private let o: Int
  /// The weight lies as `[o, i]` rather than `[i, o]`.
  private let isTransposed: Bool
  private let alpha: Float
  private let beta: Float
  private let hasBias: Bool
  private let biasCount: Int
  private let examples: Int

  init(
    _ frame: Frame, x: Operand, i: Int, o: Int, isTransposed: Bool, alpha: Float, beta: Float,
    biasCount: Int?
  ) {
    self.x = x
    self.i = i
    self.o = o
    self.isTransposed = isTransposed
    self.alpha = alpha
    self.beta = beta
    hasBias = biasCount != nil
    self.biasCount = biasCount ?? 0
    examples = frame.examples
    rows = o == 0 ? 0 : frame.output.count / frame.examples / o
  }

  func rereads(_ input: Int) -> Rereads { .bilinear(input) }

  func forward(_ arrays: Arrays) {
    // x is [n·rows, i], w is [i, o] or [o, i], y is [n·rows, o]
    let all = examples * rows
    if hasBias {
      let bias = arrays.inputs[2]
      for row in 0..<all {
        let line = arrays.output + row * o
        for column in 0..<o { line[column] = beta * bias[biasCount == 1 ? 0 : column] }
      }
    }
    multiply(
      transposeB: isTransposed, m: all, n: o, k: i, alpha: alpha, arrays.inputs[0], aStride: i,
      arrays.inputs[1], bStride: isTransposed ? i : o, beta: hasBias ? 1 : 0,
      into: arrays.output, cStride: o)
  }

  func pullBack(_ pull: PullBack) {
    switch pull.input {
    case 0: pullBackToInput(pull)
    case 1: pullBackToWeight(pull)
    default: pullBackToBias(pull)
    }
  }

  private func pullBackToInput(_ pull: PullBack) {
    // δ is [n·k·rows, o], δx = δ wᵀ is [n·k·rows, i]
    multiply(
      transposeB: !isTransposed, m: pull.examples.count * pull.count * rows, n: i, k: o,
      alpha: alpha, pull.deltas, aStride: o, pull.arrays.inputs[1],
      bStride: isTransposed ? i : o, beta: pull.accumulates ? 1 : 0, into: pull.target,
      cStride: i)
  }

  private func pullBackToWeight(_ pull: PullBack) {
    for n in pull.examples {
      let a = pull.arrays.inputs[0] + n * x.exampleStride
      let first = (n - pull.examples.lowerBound) * pull.count
      let beta: Float = pull.accumulates ? 1 : 0
      if isTransposed, rows == 1 {
        // δ is [k·o, 1], x is [1, i]: the outer product for every cotangent at once.
        multiply(
          m: pull.count * o, n: i, k: 1, alpha: alpha, pull.deltas + first * o, aStride: 1, a,
          bStride: i, beta: beta, into: pull.target + first * i * o, cStride: i)
        continue
      }
      for k in 0..<pull.count {
        let delta = pull.deltas + (first + k) * rows * o
        let target = pull.target + (first + k) * i * o
        if isTransposed {
          // δᵀ is [o, rows], x is [rows, i]
          multiply(
            transposeA: true, m: o, n: i, k: rows, alpha: alpha, delta, aStride: o, a,
            bStride: i, beta: beta, into: target, cStride: i)
        } else {
          // xᵀ is [i, rows], δ is [rows, o]
          multiply(
            transposeA: true, m: i, n: o, k: rows, alpha: alpha, a, aStride: i, delta,
            bStride: o, beta: beta, into: target, cStride: o)
        }
      }
    }
  }

  private func pullBackToBias(_ pull: PullBack) {
    // δ is [n·k, rows, o], the bias's gradient is [n·k, o]
    pull.clearTarget(slab: biasCount)
    let copies = pull.examples.count * pull.count
    if biasCount == o, beta == 1 {
      ck_column_sums(pull.deltas, pull.target, copies, rows, o)
      return
    }
    for copy in 0..<copies {
      for place in 0..<(rows * o) {
        pull.target[copy * biasCount + (biasCount == 1 ? 0 : place % o)] +=
          beta * pull.deltas[copy * rows * o + place]
      }
    }
  }
}

extension DenseLayer: FactoredOperator {
  func factors(_ input: Int) -> GradientFactors? {
    // The weight lies as [o, i] or [i, o]; places are the rows of one example.
    guard input == 1 else { return nil }
    return GradientFactors(
      places: rows, first: isTransposed ? o : i, second: isTransposed ? i : o,
      cotangentSide: isTransposed ? .first : .second, scale: alpha)
  }

  func activationFactor(_ input: Int, example: Int, _ arrays: Arrays) -> GradientFactors.Factor {
    .matrix(arrays.inputs[0] + example * x.exampleStride, isPlaceMajor: true)
  }

  func cotangentFactor(_ input: Int, _ delta: UnsafePointer<Float>) -> GradientFactors.Factor {
    .matrix(delta, isPlaceMajor: true)
  }
}
