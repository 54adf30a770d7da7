// Convolutions by tiles and by channel against sums over windows, and every way to norms against the
// others.
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Filters")
struct FilterTests {
  /// A convolution of an image of two axes.
  struct Filters: CustomStringConvertible {
    let seed: UInt64
    var image: [Int]
    var channels: Int
    var filters: Int
    var groups = 1
    var kernel = [3, 3]
    var stride = 1
    /// Top, left, bottom, right.
    var pads: [Int]
    var examples = 3

    var description: String {
      "seed \(seed): \(channels) × \(image) → \(filters), kernel \(kernel), stride \(stride), "
        + "\(groups) groups, pads \(pads)"
    }

    /// Tiles that fill vectors and tiles that do not, images of one tile and of several chunks.
    init(tiled seed: UInt64) {
      var random = Seeded(seed: seed)
      func pick(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(random.next() % UInt64(range.count))
      }
      self.seed = seed
      pads = (0..<4).map { _ in pick(0...2) }
      let isWide = seed % 4 == 0
      image = isWide ? [pick(3...5), 32 - pads[1] - pads[3] + 2] : [pick(3...8), pick(3...12)]
      groups = seed % 5 == 0 ? 2 : 1
      channels = groups * (isWide ? pick(12...15) : pick(32...35))
      filters = groups * (isWide ? pick(12...20) : pick(32...41))
      examples = pick(1...3)
    }

    init(byChannel seed: UInt64) {
      self.init(tiled: seed)
      var random = Seeded(seed: seed ^ 0xC0FFEE)
      channels = 2 + Int(random.next() % 5)
      groups = channels
      filters = channels * (1 + Int(random.next() % 2))
      kernel = [1 + Int(random.next() % 3), 1 + Int(random.next() % 3)]
      stride = 1 + Int(random.next() % 3)
    }

    var output: [Int] {
      (0..<2).map { (image[$0] + pads[$0] + pads[$0 + 2] - kernel[$0]) / stride + 1 }
    }

    var graph: CheckedGraph {
      let `self` = self
      return OperatorCase(
        name: description, shape: [channels] + image,
        parameters: ["conv.weight": [filters, channels / groups] + kernel]
      ) {
        $0.node(
          "Conv", ["h", "conv.weight"], ["y"],
          [
            "pads": .integers(self.pads), "group": .integer(self.groups),
            "strides": .integers([self.stride, self.stride]),
          ])
      }.graph(besideInput: false, examples: examples)
    }

    /// Calls with the flat indices of output, weight and input of every product of one example.
    func forEachProduct(_ body: (_ y: Int, _ w: Int, _ x: Int) -> Void) {
      let (inner, outer) = (channels / groups, filters / groups)
      for o in 0..<filters {
        for i in 0..<inner {
          for row in 0..<output[0] {
            for column in 0..<output[1] {
              for ky in 0..<kernel[0] {
                for kx in 0..<kernel[1] {
                  let y = row * stride - pads[0] + ky
                  let x = column * stride - pads[1] + kx
                  guard y >= 0, y < image[0], x >= 0, x < image[1] else { continue }
                  body(
                    (o * output[0] + row) * output[1] + column,
                    ((o * inner + i) * kernel[0] + ky) * kernel[1] + kx,
                    ((o / outer * inner + i) * image[0] + y) * image[1] + x)
                }
              }
            }
          }
        }
      }
    }
  }

  @Test("by tiles, are sums over windows", arguments: UInt64(0)..<24)
  func tiles(seed: UInt64) throws {
    try check(Filters(tiled: seed))
  }

  @Test("by channel, are sums over windows", arguments: UInt64(0)..<24)
  func channels(seed: UInt64) throws {
    try check(Filters(byChannel: seed))
  }

  private func check(_ filters: Filters) throws {
    let checked = filters.graph
    let network = try checked.bind()
    let found = try network.forward()
    let count = 2
    var random = Seeded(seed: filters.seed)
    let cotangents = (0..<(found.count * count)).map { _ in random.signed() }
    let pulled = try gradients(network, cotangents: cotangents, count: count)
    guard case .real(let inputs)? = checked.inputs["x"] else { return }
    let weight = try #require(checked.parameters["conv.weight"]).values
    let shift = try #require(checked.parameters["pre.shift"]).values
    let slab = found.count / filters.examples
    for n in 0..<filters.examples {
      let image = shift.indices.map { Double(inputs.values[n * shift.count + $0] + shift[$0]) }
      var output = [Double](repeating: 0, count: slab)
      var byInput = [Double](repeating: 0, count: count * shift.count)
      var byWeight = [Double](repeating: 0, count: count * weight.count)
      filters.forEachProduct { y, w, x in
        output[y] += Double(weight[w]) * image[x]
        for k in 0..<count {
          let delta = Double(cotangents[(n * count + k) * slab + y])
          byInput[k * shift.count + x] += delta * Double(weight[w])
          byWeight[k * weight.count + w] += delta * image[x]
        }
      }
      expect(Array(found[n * slab..<(n + 1) * slab]), output, "\(filters): output")
      expect(try #require(pulled["pre.shift"])[n], byInput, "\(filters): by input")
      expect(try #require(pulled["conv.weight"])[n], byWeight, "\(filters): by weight")
    }
  }

  private func expect(_ found: [Float], _ expected: [Double], _ name: String) {
    let scale = expected.map(\.magnitude).max() ?? 0
    let worst = zip(found, expected).map { (Double($0) - $1).magnitude }.max() ?? 0
    #expect(
      found.count == expected.count && worst <= 1e-5 * max(scale, 1), "\(name): off by \(worst)")
  }

  @Test("have the same norms by every way", arguments: UInt64(0)..<12)
  func norms(seed: UInt64) throws {
    var filters = Filters(tiled: seed)
    filters.channels = (16 + Int(seed % 3)) * filters.groups
    filters.filters = (16 + Int(seed % 2)) * filters.groups
    if seed % 3 == 0 { filters.stride = 2 }
    // Several chunks of lines.
    if seed == 4 { filters.image = [140, 130] }
    let checked = filters.graph
    let count = 2
    var expected: [[Double?]]?
    for choice in NormChoice.allCases {
      let network = try Network(
        graph: try Graph.parse(checked.file, path: "test.onnx"), parameters: checked.parameters,
        inputs: checked.inputs, norms: choice)
      let size = try network.forward().count
      var random = Seeded(seed: seed)
      let reader = NormReader(
        entryRows: 0, rows: count, counts: network.parameters.map(\.shape.count),
        examples: filters.examples)
      try network.backward(
        cotangents: (0..<(size * count)).map { _ in random.signed() }, count: count, reader: reader)
      guard let first = expected else {
        expected = reader.squares
        continue
      }
      for (found, wanted) in zip(reader.squares.joined(), first.joined()) {
        let (found, wanted) = (try #require(found), try #require(wanted))
        #expect((found - wanted).magnitude <= 1e-4 * wanted, "\(filters): \(choice.rawValue)")
      }
    }
  }
}
