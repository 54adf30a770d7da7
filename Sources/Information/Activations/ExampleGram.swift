// Inner products of a layer's recorded activations between examples (measurements.md §5.3): all that
// alignment and capacity need, and small enough to keep until the next checkpoint.
internal import CKernels
internal import Diagnostics
internal import LinearAlgebra
public import Tensors
internal import Threads

/// The Gram matrix of one layer's centred recording.
public struct ExampleGram: Sendable, Hashable {
  /// N.
  public let examples: Int
  /// Features of the layer's output.
  public let features: Int
  /// Root mean square of the recording, before centring.
  public let rootMeanSquare: Double
  /// Inner products of the examples' activations, each feature's mean taken off, `[N, N]`.
  public let values: [Float]

  /// Rebuilds a Gram matrix that was stored.
  public init(examples: Int, features: Int, rootMeanSquare: Double, values: [Float]) {
    precondition(values.count == examples * examples, "one inner product a pair")
    self.examples = examples
    self.features = features
    self.rootMeanSquare = rootMeanSquare
    self.values = values
  }

  /// The Gram matrices of several layers' recordings, computed on several threads.
  public static func each(of recordings: [Tensor], threads: Int = 2) -> [Measured<ExampleGram>] {
    var grams: [Measured<ExampleGram>] = []
    do throws(Problem) {
      try forEachBlock(count: recordings.count, threads: threads) {
        of(recordings[$0])
      } combine: {
        grams.append($1)
      }
      return grams
    } catch {
      // No threads to be had: the caller's own does as well.
      return recordings.map(of)
    }
  }

  /// Multiplies a recording with itself.
  ///
  /// Means are taken off in double first: a common offset, which no measure here depends on, would
  /// otherwise eat the single-precision products' digits.
  ///
  /// - Parameter recording: `[N, features]`.
  /// - Returns: absent when an activation is not finite or the shape is not a matrix.
  public static func of(_ recording: Tensor) -> Measured<ExampleGram> {
    guard recording.shape.rank == 2 else { return .absent("the recording is not a matrix") }
    let examples = recording.shape.dimensions[0]
    let features = recording.shape.dimensions[1]
    guard examples > 0, features > 0 else { return .absent("the recording is empty") }
    var centred = recording.values
    let squares = centred.withUnsafeMutableBufferPointer { values in
      let squares = ck_sum_of_squares(values.baseAddress, values.count)
      ck_centre_columns(values.baseAddress, examples, features)
      return squares
    }
    guard squares.isFinite else { return .absent("an activation is not finite") }
    let gram = singlePrecisionGram(centred, rows: examples, columns: features)
    guard gram.allSatisfy({ $0.isFinite && abs($0) < 1e38 }) else {
      return .absent("the activations are too large for single precision")
    }
    return .known(
      ExampleGram(
        examples: examples, features: features,
        rootMeanSquare: (squares / Double(examples) / Double(features)).squareRoot(),
        values: gram))
  }
}
