// Which axes of a weight count its output units: spectra and the embedding of tasks both ask.

import Checkpoints
import Tensors

extension StoredTensor {
  /// The axes that count output units. PyTorch has them first, `[out, in, k…]`; Keras, TensorFlow and JAX
  /// last, `[k…, in, out]`.
  func unitAxes(unitsLast: Bool) -> Range<Int> {
    let rank = shape.rank
    let parts = name.lowercased().split { "./".contains($0) }
    // A table of embeddings has a unit for each entry everywhere.
    let isTable = rank == 2 && parts.contains { $0.wholeMatch(of: /.*embeddings?(_\d+)?/) != nil }
    guard unitsLast, rank >= 2, !isTable else { return 0..<min(rank, 1) }
    // A depthwise kernel [k…, in, multiplier] has a unit for each of both, and attention's projections
    // go from [in] to [heads, dimension].
    let isDepthwise =
      rank >= 3
      && (name.lowercased().contains("depthwise")
        // Keras numbers a layer's variables: of a separable convolution the depthwise kernel is the first.
        || parts.last == "0" && parts.contains { $0.hasPrefix("separable_conv") })
    let isProjection =
      rank == 3
      && parts.dropLast().contains { $0.wholeMatch(of: /(query|key|value)(_dense)?/) != nil }
    return (rank - (isDepthwise || isProjection ? 2 : 1))..<rank
  }
}
