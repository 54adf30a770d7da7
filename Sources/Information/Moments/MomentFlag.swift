// What to bear in mind about numbers that rest on optimizer moments (measurements.md §4).

/// A caveat of a number that rests on optimizer moments; the raw value is the report's word.
public enum MomentFlag: String, Sendable, CaseIterable {
  /// The squared gradients are of true labels and mini-batches: not the Fisher information.
  case trueLabels = "true_labels"
  /// Moments in 16 bits over a window shorter than 1/(1−β2) steps, or of less than what was summed before
  /// it: rounding is of its size.
  case lowPrecisionWindow = "low_precision_window"
  /// Gradients were clipped: early peaks are flattened.
  case censoredClipping = "censored_clipping"
  /// Nobody knows whether gradients were clipped.
  case clippingUnknown = "clipping_unknown"
  /// There is no earlier checkpoint: the mean since the start, which lags by up to 1/(1−β2) steps.
  case sinceStart = "since_start"
  /// The optimizer began anew since the earlier checkpoint: the mean since then.
  case restarted = "restarted"
  /// Moments of some of the layer's parameters only.
  case partialLayer = "partial_layer"
  /// The window mean came out slightly negative by rounding and was set to zero.
  case roundedUp = "rounded_up"
  /// The batch size is not known, so nothing per example can be told.
  case batchUnknown = "batch_unknown"
}
