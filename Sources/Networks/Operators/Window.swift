// The geometry that convolutions and pools share: kernel, strides, dilations and padding per spatial
// axis, from attributes (onnx Operators.md, Conv).
internal import CKernels
internal import Diagnostics
internal import Tensors

/// A checked window over the spatial axes `[2...]` of an input.
struct Window {
  let input: [Int]
  let kernel: [Int]
  let output: [Int]
  /// For the C loops.
  let geometry: ck_window

  /// Reads the attributes of a Conv or pool node.
  init(_ site: NodeSite, input: [Int], kernel: [Int]) throws(Problem) {
    let steps = try Steps(site, input: input, kernel: kernel)
    var pads = try steps.pads(site)
    let roundsUp = try site.integer("ceil_mode", default: 0) == 1
    let automatic = try site.text("auto_pad", default: "NOTSET")
    var output: [Int] = []
    for axis in input.indices {
      let stride = steps.strides[axis]
      let span = steps.span(axis)
      if automatic == "SAME_UPPER" || automatic == "SAME_LOWER" {
        let count = (input[axis] + stride - 1) / stride
        let padding = max(0, (count - 1) * stride + span - input[axis])
        pads.before[axis] = automatic == "SAME_UPPER" ? padding / 2 : padding - padding / 2
        pads.after[axis] = padding - pads.before[axis]
      } else if automatic == "VALID" {
        pads.before[axis] = 0
        pads.after[axis] = 0
      }
      let room = input[axis] + pads.before[axis] + pads.after[axis] - span
      guard room >= 0 else {
        throw site.invalid("a window of \(span) over \(input[axis]) padded entries")
      }
      var count = room / stride + 1
      if roundsUp, room % stride != 0, count * stride < input[axis] + pads.before[axis] {
        // A last partial window counts if it starts inside the input or its left padding.
        count += 1
      }
      output.append(count)
    }
    self.init(steps, input: input, output: output, pads: pads)
  }

  /// Reads the attributes of a ConvTranspose node: the window whose pullback it is, which goes from
  /// the node's output to its input.
  init(transposing site: NodeSite, input: [Int], kernel: [Int]) throws(Problem) {
    let steps = try Steps(site, input: input, kernel: kernel)
    var pads = try steps.pads(site)
    let rank = input.count
    let extra = try site.integers("output_padding") ?? [Int](repeating: 0, count: rank)
    let shape = try site.integers("output_shape")
    let automatic = try site.text("auto_pad", default: "NOTSET")
    guard extra.count == rank, extra.allSatisfy({ $0 >= 0 && $0 < Steps.limit }),
      shape.map({ $0.count == rank && $0.allSatisfy { $0 > 0 && $0 < NodeSite.largestArray } })
        ?? true
    else { throw site.invalid("output_padding \(extra), output_shape \(shape ?? [])") }
    var output: [Int] = []
    for axis in 0..<rank {
      let full = steps.strides[axis] * (input[axis] - 1) + extra[axis] + steps.span(axis)
      var wanted = shape?[axis]
      if wanted == nil, automatic == "SAME_UPPER" || automatic == "SAME_LOWER" {
        wanted = input[axis] * steps.strides[axis]
      }
      if let wanted {
        // A negative total leaves outputs that no window reaches.
        let total = full - wanted
        let smaller = Int((Double(total) / 2).rounded(.down))
        pads.before[axis] = automatic == "SAME_UPPER" ? smaller : total - smaller
        pads.after[axis] = total - pads.before[axis]
      } else if automatic == "VALID" {
        pads.before[axis] = 0
        pads.after[axis] = 0
      }
      let extent = full - pads.before[axis] - pads.after[axis]
      guard extent > 0 else { throw site.invalid("pads cut all of an output of \(full)") }
      output.append(extent)
    }
    self.init(steps, input: output, output: input, pads: pads)
  }

  private init(_ steps: Steps, input: [Int], output: [Int], pads: (before: [Int], after: [Int])) {
    self.input = input
    kernel = steps.kernel
    self.output = output
    var geometry = ck_window()
    geometry.rank = Int32(input.count)
    Window.copy(input, into: &geometry.input)
    Window.copy(output, into: &geometry.output)
    Window.copy(steps.kernel, into: &geometry.kernel)
    Window.copy(steps.strides, into: &geometry.stride)
    Window.copy(steps.dilations, into: &geometry.dilation)
    Window.copy(pads.before, into: &geometry.padding)
    Window.copy(pads.after, into: &geometry.padding_after)
    self.geometry = geometry
    isPointwise =
      steps.kernel.allSatisfy { $0 == 1 } && steps.strides.allSatisfy { $0 == 1 }
      && (pads.before + pads.after).allSatisfy { $0 == 0 }
  }

  /// What a node says of its window, checked against overflow.
  private struct Steps {
    let kernel: [Int]
    let strides: [Int]
    let dilations: [Int]

    static let limit = 1 << 20

    init(_ site: NodeSite, input: [Int], kernel: [Int]) throws(Problem) {
      let rank = input.count
      guard rank > 0, rank <= Int(CK_MAX_SPATIAL), kernel.count == rank else {
        throw site.unsupported("\(input.count) spatial axes with a kernel \(kernel)")
      }
      self.kernel = kernel
      strides = try site.integers("strides") ?? [Int](repeating: 1, count: rank)
      dilations = try site.integers("dilations") ?? [Int](repeating: 1, count: rank)
      guard strides.count == rank, dilations.count == rank,
        (strides + dilations + kernel).allSatisfy({ $0 > 0 && $0 < Steps.limit }),
        input.allSatisfy({ $0 > 0 && $0 < NodeSite.largestArray })
      else {
        throw site.invalid("kernel \(kernel), strides \(strides), dilations \(dilations)")
      }
    }

    /// Entries from a window's first to its last, both included.
    func span(_ axis: Int) -> Int { (kernel[axis] - 1) * dilations[axis] + 1 }

    func pads(_ site: NodeSite) throws(Problem) -> (before: [Int], after: [Int]) {
      let rank = kernel.count
      let pads = try site.integers("pads") ?? [Int](repeating: 0, count: 2 * rank)
      guard pads.count == 2 * rank, pads.allSatisfy({ $0 >= 0 && $0 < Steps.limit }) else {
        throw site.unsupported("pads \(pads)")
      }
      return (Array(pads[..<rank]), Array(pads[rank...]))
    }
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
