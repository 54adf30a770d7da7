// Correlation that keeps channels apart, as depthwise convolutions do: every filter sees one channel, so
// that no matrix product is worth making.
internal import CKernels

/// What `Convolution` does where every channel is a group of its own.
struct ChannelwiseCorrelation {
  private var window: ck_window
  /// Of the pullback as a correlation with the filters turned round; nil with strides.
  private var turned: ck_window?
  private let channels: Int
  /// Filters of each channel.
  private let multiplier: Int
  private let taps: Int
  private let placesIn: Int
  private let t: Int
  private let scratch: Scratch

  /// - Parameters:
  ///   - i: channels in, `o` channels out, of all groups.
  ///   - scratch: reserved here.
  init?(_ window: ck_window, i: Int, o: Int, groups: Int, scratch: Scratch) {
    guard groups == i, i > 1 else { return nil }
    self.window = window
    turned = window.turned
    channels = i
    multiplier = o / i
    taps = window.count(\.kernel)
    placesIn = window.count(\.input)
    t = window.count(\.output)
    self.scratch = scratch
    for var each in [window, window.turned ?? window] {
      scratch.reserve(ck_channelwise_scratch(&each))
    }
  }

  /// Correlates `count` images `[channels, placesIn]`; the target is `[channels · multiplier, t]` each.
  func run(
    _ x: UnsafePointer<Float>, count: Int, filters: UnsafePointer<Float>,
    into y: UnsafeMutablePointer<Float>
  ) {
    var window = window
    withOffsets {
      ck_channelwise_forward(
        &window, filters, x, count, channels, multiplier, scratch.pointer, $0, y)
    }
  }

  /// Pulls `count` images' cotangents back to the images.
  func pullBack(
    _ deltas: UnsafePointer<Float>, count: Int, filters: UnsafePointer<Float>,
    into target: UnsafeMutablePointer<Float>, accumulates: Bool
  ) {
    if var turned, multiplier == 1, !accumulates {
      let filtersTurned = FloatBuffer(count: channels * taps)
      ck_turn_filters(filters, channels, 1, taps, filtersTurned.pointer)
      withOffsets {
        ck_channelwise_forward(
          &turned, filtersTurned.pointer, deltas, count, channels, 1, scratch.pointer, $0, target)
      }
      return
    }
    if !accumulates { target.update(repeating: 0, count: count * channels * placesIn) }
    var window = window
    withOffsets {
      ck_channelwise_backward(
        &window, filters, deltas, count, channels, multiplier, scratch.pointer, $0, target)
    }
  }

  /// Adds one image's gradient by the filters, `[channels · multiplier, taps]`.
  func addGradient(
    _ x: UnsafePointer<Float>, _ deltas: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>
  ) {
    var window = window
    withOffsets {
      ck_channelwise_gradient(
        &window, x, deltas, channels, multiplier, scratch.pointer, $0, target)
    }
  }

  private func withOffsets(_ body: (UnsafeMutablePointer<Int>?) -> Void) {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: taps) { body($0.baseAddress) }
  }
}
