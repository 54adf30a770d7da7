// Scaled dot-product attention (Vaswani et al. 2017, eq. 1) as ONNX defines it since operator set 23,
// with grouped queries, masks, a soft cap and a cache; and rotary positions (Su et al. 2021, eq. 34).
internal import Diagnostics
internal import Tensors

enum Attention {
  static let bind = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let isFlat = try lower.binder.shape(site, 0).rank == 3
    var q = try heads(lower, try lower.input(0), isFlat ? "q_num_heads" : nil)
    var k = try heads(lower, try lower.input(1), isFlat ? "kv_num_heads" : nil)
    var v = try heads(lower, try lower.input(2), isFlat ? "kv_num_heads" : nil)
    var past = 0
    if let pastKey = lower.optionalInput(4), let pastValue = lower.optionalInput(5) {
      past = try lower.shape(pastKey)[2]
      k = try lower("Concat", [pastKey, k], ["axis": .integer(2)])
      v = try lower("Concat", [pastValue, v], ["axis": .integer(2)])
    }
    try lower.finish(k, output: 1)
    try lower.finish(v, output: 2)
    let (qs, ks, vs) = (try lower.shape(q), try lower.shape(k), try lower.shape(v))
    guard qs[1] > 0, ks[1] > 0, qs[1] % ks[1] == 0, qs[3] == ks[3], vs[2] == ks[2], vs[1] == ks[1]
    else { throw site.invalid("queries \(qs), keys \(ks), values \(vs)") }
    let scale = try site.float("scale", default: 1 / Float(max(1, qs[3])).squareRoot())
    q = try lower("Mul", [q, lower.scalar(Double(scale))])
    // The queries of one group are the rows of one product.
    let grouped = [qs[0], ks[1], qs[1] / ks[1] * qs[2]]
    let scores = [qs[0], qs[1], qs[2], ks[2]]
    var s = try lower(
      "MatMul",
      [try lower.reshape(q, grouped + [qs[3]]), try lower.transpose(k, [0, 1, 3, 2])])
    s = try lower.reshape(s, scores)
    let mode = try site.integer("qk_matmul_output_mode", default: 0)
    if mode == 0 { try lower.finish(s, output: 3) }
    let cap = try site.float("softcap", default: 0)
    if cap > 0 {
      let factor = lower.scalar(Double(cap))
      s = try lower("Mul", [try lower("Tanh", [try lower("Div", [s, factor])]), factor])
    }
    if mode == 1 { try lower.finish(s, output: 3) }
    for bias in try biases(lower, queries: qs[2], keys: ks[2], past: past) {
      s = try lower("Add", [s, bias])
    }
    if mode == 2 { try lower.finish(s, output: 3) }
    s = try lower("Softmax", [s], ["axis": .integer(-1)])
    if mode == 3 { try lower.finish(s, output: 3) }
    var y = try lower("MatMul", [try lower.reshape(s, grouped + [ks[2]]), v])
    y = try lower.reshape(y, [qs[0], qs[1], qs[2], vs[3]])
    if isFlat {
      y = try lower.reshape(
        try lower.transpose(y, [0, 2, 1, 3]), [qs[0], qs[2], qs[1] * vs[3]])
    }
    try lower.finish(y)
  }

  /// `[n, t, heads · size]` as `[n, heads, t, size]`; an array of four axes is that already.
  private static func heads(
    _ lower: Lowering, _ name: String, _ attribute: String?
  ) throws(Problem) -> String {
    let shape = try lower.shape(name)
    guard let attribute else {
      guard shape.count == 4 else { throw lower.site.invalid("an input of \(shape.count) axes") }
      return name
    }
    let count = try lower.site.integer(attribute, default: 0)
    guard shape.count == 3, count > 0, shape[2] % count == 0 else {
      throw lower.site.invalid("\(count) heads of \(shape)")
    }
    return try lower.transpose(
      try lower.reshape(name, [shape[0], shape[1], count, shape[2] / count]), [0, 2, 1, 3])
  }

  /// What is added to the scores, −∞ where a key is out of a query's sight.
  private static func biases(
    _ lower: Lowering, queries: Int, keys: Int, past: Int
  ) throws(Problem) -> [String] {
    let site = lower.site
    var result: [String] = []
    if let mask = lower.optionalInput(3) {
      var bias = mask
      if case .known(let array, _) = try lower.value(mask), array.type == .bool {
        bias = try self.bias(lower, mask)
      }
      let rest = keys - (try lower.shape(bias).last ?? keys)
      if rest > 0 {
        bias = try lower(
          "Pad", [bias, lower.list([0, rest]), lower.scalar(-.infinity), lower.list([-1])])
      }
      result.append(bias)
    }
    // Valid keys before the first query, where a cache of fixed size is filled up to a length.
    var offset = lower.list([past])
    if let lengths = lower.optionalInput(6) {
      let counts = try lower("Unsqueeze", [lengths, lower.list([1, 2, 3])])
      let range = lower.constant(
        HostArray(
          shape: try site.shape([1, 1, 1, keys]), type: .int64, integers: (0..<keys).map(Int64.init)
        ))
      result.append(try bias(lower, try lower("Less", [range, counts])))
      offset = try lower("Sub", [counts, lower.list([queries])])
    }
    let left = try site.integer("left_window_size", default: -1)
    let isCausal = try site.integer("is_causal", default: 0) == 1
    let right = isCausal ? 0 : try site.integer("right_window_size", default: -1)
    guard left >= 0 || right >= 0 else { return result }
    // How far each key lies behind its query.
    let distances = lower.constant(
      HostArray(
        shape: try site.shape([1, 1, queries, keys]), type: .int64,
        integers: (0..<(queries * keys)).map { Int64($0 / keys - $0 % keys) }))
    let behind = try lower("Add", [distances, offset])
    if right >= 0 {
      result.append(
        try bias(lower, try lower("GreaterOrEqual", [behind, lower.list([-right])])))
    }
    if left >= 0 {
      result.append(try bias(lower, try lower("LessOrEqual", [behind, lower.list([left])])))
    }
    return result
  }

  /// 0 where a mask is true, −∞ elsewhere.
  private static func bias(_ lower: Lowering, _ mask: String) throws(Problem) -> String {
    try lower("Where", [mask, lower.scalar(0), lower.scalar(-.infinity)])
  }

  /// Pairs of entries turned by an angle per position.
  static let rotary = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let input = try lower.input(0)
    let shape = try lower.shape(input)
    var x = input
    var full = shape
    // [n, heads, t, size], or [n, t, heads, size] from an array of three axes.
    var headAxis = 1
    if shape.count == 3 {
      let heads = try site.integer("num_heads", default: 0)
      guard heads > 0, shape[2] % heads == 0 else {
        throw site.invalid("\(heads) heads of \(shape)")
      }
      full = [shape[0], shape[1], heads, shape[2] / heads]
      x = try lower.reshape(input, full)
      headAxis = 2
    }
    guard full.count == 4 else { throw site.invalid("an input of \(shape.count) axes") }
    let named = try site.integer("rotary_embedding_dim", default: 0)
    let size = named == 0 ? full[3] : named
    guard size > 0, size <= full[3], size % 2 == 0 else {
      throw site.invalid("\(size) of \(full[3]) entries turned")
    }
    let half = size / 2
    var tables = [try lower.input(1), try lower.input(2)]
    for index in tables.indices {
      if let places = lower.optionalInput(3) {
        tables[index] = try lower("Gather", [tables[index], places])
      }
      tables[index] = try lower("Unsqueeze", [tables[index], lower.list([headAxis])])
    }
    let isInterleaved = try site.integer("interleaved", default: 0) == 1
    let turned = try lower.slice(x, axis: 3, 0..<size)
    let first: String
    let second: String
    if isInterleaved {
      let pairs = try lower.reshape(turned, full.dropLast() + [half, 2])
      let parts = try lower.several(
        "Split", [pairs, lower.list([1, 1])], ["axis": .integer(4)], outputs: 2)
      first = try lower.reshape(parts[0], full.dropLast() + [half])
      second = try lower.reshape(parts[1], full.dropLast() + [half])
    } else {
      first = try lower.slice(turned, axis: 3, 0..<half)
      second = try lower.slice(turned, axis: 3, half..<size)
    }
    let real = try lower(
      "Sub", [try lower("Mul", [first, tables[0]]), try lower("Mul", [second, tables[1]])])
    let imaginary = try lower(
      "Add", [try lower("Mul", [first, tables[1]]), try lower("Mul", [second, tables[0]])])
    var y: String
    if isInterleaved {
      let axes = lower.list([4])
      let pairs = try lower(
        "Concat",
        [try lower("Unsqueeze", [real, axes]), try lower("Unsqueeze", [imaginary, axes])],
        ["axis": .integer(4)])
      y = try lower.reshape(pairs, full.dropLast() + [size])
    } else {
      y = try lower("Concat", [real, imaginary], ["axis": .integer(3)])
    }
    if size < full[3] {
      let rest = try lower.slice(x, axis: 3, size..<full[3])
      y = try lower("Concat", [y, rest], ["axis": .integer(3)])
    }
    try lower.finish(try lower.reshape(y, shape))
  }
}
