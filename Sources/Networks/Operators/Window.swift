// The geometry that convolutions and pools share: kernel, strides, dilations and padding per spatial
// axis, from attributes (onnx Operators.md, Conv).
internal import CKernels
internal import Diagnostics
internal import Tensors

/// A checked window over the spatial axes `[2...]` of an input.
struct Window {
  let kernel: [Int]
  let output: [Int]
  /// For the C loops.
  let geometry: ck_window

  /// Reads the attributes of a Conv or pool node.
  init(_ site: NodeSite, input: [Int], kernel: [Int]) throws(Problem) {
    let rank = input.count
    guard rank > 0, rank <= Int(CK_MAX_SPATIAL), kernel.count == rank else {
      throw site.unsupported("\(input.count) spatial axes with a kernel \(kernel)")
    }
    let strides = try site.integers("strides") ?? [Int](repeating: 1, count: rank)
    let dilations = try site.integers("dilations") ?? [Int](repeating: 1, count: rank)
    let limit = 1 << 20
    guard strides.count == rank, dilations.count == rank,
      (strides + dilations + kernel).allSatisfy({ $0 > 0 && $0 < limit }),
      input.allSatisfy({ $0 > 0 && $0 < NodeSite.largestArray })
    else {
      throw site.invalid("kernel \(kernel), strides \(strides), dilations \(dilations)")
    }
    var pads = try site.integers("pads") ?? [Int](repeating: 0, count: 2 * rank)
    guard pads.count == 2 * rank, pads.allSatisfy({ $0 >= 0 && $0 < limit }) else {
      throw site.unsupported("pads \(pads)")
    }
    let roundsUp = try site.integer("ceil_mode", default: 0) == 1
    let automatic = try site.text("auto_pad", default: "NOTSET")
    var output: [Int] = []
    for axis in 0..<rank {
      let span = (kernel[axis] - 1) * dilations[axis] + 1
      if automatic == "SAME_UPPER" || automatic == "SAME_LOWER" {
        let count = (input[axis] + strides[axis] - 1) / strides[axis]
        let padding = max(0, (count - 1) * strides[axis] + span - input[axis])
        pads[axis] = automatic == "SAME_UPPER" ? padding / 2 : padding - padding / 2
        pads[axis + rank] = padding - pads[axis]
      } else if automatic == "VALID" {
        pads[axis] = 0
        pads[axis + rank] = 0
      }
      let room = input[axis] + pads[axis] + pads[axis + rank] - span
      guard room >= 0 else {
        throw site.invalid("a window of \(span) over \(input[axis]) padded entries")
      }
      var count = room / strides[axis] + 1
      if roundsUp, room % strides[axis] != 0, count * strides[axis] < input[axis] + pads[axis] {
        // A last partial window counts if it starts inside the input or its left padding.
        count += 1
      }
      output.append(count)
    }
    self.kernel = kernel
    self.output = output
    var geometry = ck_window()
    geometry.rank = Int32(rank)
    Window.copy(input, into: &geometry.input)
    Window.copy(output, into: &geometry.output)
    Window.copy(kernel, into: &geometry.kernel)
    Window.copy(strides, into: &geometry.stride)
    Window.copy(dilations, into: &geometry.dilation)
    Window.copy(Array(pads[..<rank]), into: &geometry.padding)
    self.geometry = geometry
    isPointwise =
      kernel.allSatisfy { $0 == 1 } && strides.allSatisfy { $0 == 1 }
      && pads.allSatisfy { $0 == 0 }
  }

  /// Whether every output reads just the input of its own place.
  let isPointwise: Bool

  /// Window entries, and outputs per channel.
  var kernelCount: Int { kernel.reduce(1, *) }
  var outputCount: Int { output.reduce(1, *) }

  private static func copy<Fixed>(_ values: [Int], into fixed: inout Fixed) {
    // A C array is a tuple here; its bytes are filled, never more than its size.
    withUnsafeMutableBytes(of: &fixed) { bytes in
      values.withUnsafeBytes { source in bytes.copyMemory(from: source) }
    }
  }
}
