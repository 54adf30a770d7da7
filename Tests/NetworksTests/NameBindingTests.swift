import Diagnostics
import Networks
import Tensors
import Testing

@Suite("Names of the graph and of the checkpoint")
struct NameBindingTests {
  private static func graph(_ weights: [(String, [Int])], constants: [String] = []) throws -> Graph
  {
    var builder = GraphBuilder()
    builder.input("x", [nil, 1])
    for (name, shape) in weights { builder.weight(name, shape) }
    for name in constants { builder.constant(name, [2], [1, 2] as [Float]) }
    builder.output("x")
    return try Graph.parse(builder.file, path: "g.onnx")
  }

  private static func bind(
    _ graph: Graph, _ checkpoint: [(String, [Int])], strip: String? = nil,
    alias: [String: String] = [:]
  ) throws -> NameBinding {
    try NameBinding(
      graph: graph, checkpoint: checkpoint.map { ($0.0, Shape($0.1)) }, strip: strip, alias: alias,
      place: "step_1.pt")
  }

  @Test("equal names need no note, and what is not read is told")
  func exact() throws {
    let binding = try Self.bind(
      Self.graph([("a.weight", [2, 3]), ("a.bias", [2])]),
      [("a.bias", [2]), ("a.weight", [2, 3]), ("ema.a.weight", [2, 3])])
    #expect(binding.checkpointNames == ["a.weight": "a.weight", "a.bias": "a.bias"])
    #expect(binding.notes.isEmpty)
    #expect(binding.unreached == ["ema.a.weight"])
  }

  @Test("one prefix on either side is found", arguments: ["net.", "module._orig_mod.", "model."])
  func prefix(_ prefix: String) throws {
    let plain = [("a.weight", [2, 3]), ("b.weight", [2, 3])]
    let prefixed = plain.map { (prefix + $0.0, $0.1) }
    let added = try Self.bind(Self.graph(plain), prefixed)
    #expect(added.checkpointNames["b.weight"] == prefix + "b.weight")
    #expect(added.notes.map(\.text) == ["checkpoint names have the prefix \(prefix)"])
    let dropped = try Self.bind(Self.graph(prefixed), plain)
    #expect(dropped.checkpointNames[prefix + "b.weight"] == "b.weight")
    #expect(dropped.notes.map(\.code) == ["name-prefix"])
  }

  @Test("two prefixes that fit equally are a doubt, which strip settles")
  func ambiguousPrefix() throws {
    let graph = try Self.graph([("a.weight", [2])])
    let checkpoint = [("student.a.weight", [2]), ("teacher.a.weight", [2])]
    let error = #expect(throws: Problem.self) { try Self.bind(graph, checkpoint) }
    #expect(
      error?.description
        == "ambiguous-names: step_1.pt: weight \"a.weight\": several prefixes fit equally well: checkpoint names have the prefix student., checkpoint names have the prefix teacher.; say which with names.strip in probe.yaml"
    )
    let none = #expect(throws: Problem.self) {
      try Self.bind(graph, checkpoint, strip: "pupil.")
    }
    #expect(
      none?.description.hasPrefix("unknown-prefix: step_1.pt: weight \"pupil.a.weight\": ") == true)
    let settled = try Self.bind(graph, checkpoint, strip: "teacher.")
    #expect(settled.checkpointNames == ["a.weight": "teacher.a.weight"])
  }

  @Test("a tied embedding is the one tensor left of its shape")
  func tied() throws {
    let graph = try Self.graph([("lm_head.weight", [29, 48]), ("wpe.weight", [32, 48])])
    let binding = try Self.bind(graph, [("wte.weight", [29, 48]), ("wpe.weight", [32, 48])])
    #expect(binding.checkpointNames["lm_head.weight"] == "wte.weight")
    #expect(binding.notes.map(\.code) == ["name-by-shape"])
    let two = [("wte.weight", [29, 48]), ("other.weight", [29, 48]), ("wpe.weight", [32, 48])]
    let error = #expect(throws: Problem.self) { try Self.bind(graph, two) }
    #expect(
      error?.description
        == "ambiguous-names: step_1.pt: weight \"lm_head.weight\": it could be wte.weight or other.weight; say which under names.alias in probe.yaml"
    )
    let settled = try Self.bind(graph, two, alias: ["lm_head.weight": "other.weight"])
    #expect(settled.checkpointNames["lm_head.weight"] == "other.weight")
    #expect(settled.unreached == ["wte.weight"])
  }

  @Test("a normalisation is folded where its neighbours are read, not where its branch is unused")
  func foldedStatistic() throws {
    let graph = try Self.graph([("stem.conv.weight", [2]), ("head.weight", [3])])
    func folded(_ others: String...) throws -> String? {
      let known = [("stem.conv.weight", [2]), ("head.weight", [3])]
      return try Self.bind(graph, known + others.map { ($0, [2]) })
        .foldedStatistic(besides: ["forgotten.running_var"])
    }
    #expect(try folded("stem.bn.weight", "stem.bn.running_var") == "stem.bn.running_var")
    #expect(try folded("norms.0.running_var", "norms.1.running_var") == "norms.0.running_var")
    #expect(try folded("stem.aux.conv.weight", "stem.aux.bn.running_var") == nil)
    #expect(try folded("aux.bn.0.running_var", "aux.conv.0.weight", "aux.bn.1.running_var") == nil)
    #expect(try folded("ema.stem.conv.weight", "ema.stem.bn.running_var", "ema.x") == nil)
    #expect(try folded("bn.running_var") == "bn.running_var")
    #expect(try folded("aux.weight") == nil)
    // What the model held and did not use; of a fused model's it is silent.
    #expect(try folded("forgotten.weight", "forgotten.running_var") == nil)
    #expect(try folded("module.forgotten.running_var") == nil)
    #expect(try folded("unforgotten.running_var") == "unforgotten.running_var")
    #expect(try folded("forgotten.running_var", "bn.running_var") == "bn.running_var")
  }

  @Test("tables that the graph brings along stay its own")
  func tables() throws {
    let graph = try Self.graph([("a.weight", [2])], constants: ["rotary_table", "buf.table"])
    let binding = try Self.bind(graph, [("a.weight", [2])])
    #expect(binding.checkpointNames == ["a.weight": "a.weight"])
    #expect(binding.notes.map(\.code) == ["graph-values", "graph-values"])
  }

  @Test("what is missing or of another shape is refused by name")
  func refused() throws {
    let graph = try Self.graph([("a.weight", [2]), ("b.weight", [3])])
    func code(_ checkpoint: [(String, [Int])], _ alias: [String: String] = [:]) -> String? {
      do { return try Self.bind(graph, checkpoint, alias: alias).notes.first?.code } catch {
        return (error as? Problem)?.code
      }
    }
    #expect(code([("a.weight", [2])]) == "missing-weight")
    #expect(code([("a.weight", [2]), ("b.weight", [4])]) == "shape-mismatch")
    #expect(code([("a.weight", [2]), ("b.weight", [3])], ["c.weight": "x"]) == "unknown-alias")
    #expect(code([("a.weight", [2]), ("b.weight", [3])], ["a.weight": "x"]) == "unknown-alias")
  }

  @Test("a weight that is there under its own name in another shape is not looked for elsewhere")
  func grown() throws {
    let graph = try Self.graph([("a.weight", [2, 3]), ("b.weight", [5, 2])])
    let error = #expect(throws: Problem.self) {
      try Self.bind(
        graph, [("a.weight", [2, 3]), ("b.weight", [2, 2]), ("c.weight", [5, 2])])
    }
    #expect(error?.code == "shape-mismatch")
  }

  @Test("what torch.nn.utils.prune keeps is not taken for the weight itself")
  func pruned() throws {
    let graph = try Self.graph([("a.weight", [2, 3])])
    let checkpoint = [("a.weight_orig", [2, 3]), ("a.weight_mask", [2, 3])]
    for alias in [[:], ["a.weight": "a.weight_orig"]] {
      let error = #expect(throws: Problem.self) {
        try Self.bind(graph, checkpoint, alias: alias)
      }
      #expect(error?.code == "pruned-weight")
    }
    // A graph of the pruned network reads both.
    let both = try Self.graph([("a.weight_orig", [2, 3]), ("a.weight_mask", [2, 3])])
    #expect(try Self.bind(both, checkpoint).unreached.isEmpty)
  }

  @Test("two weights of the graph that are one tensor are one parameter")
  func oneParameter() throws {
    var builder = GraphBuilder()
    builder.input("x", [nil, 2])
    builder.weight("encoder.weight", [2, 2])
    builder.weight("decoder.weight", [2, 2])
    builder.node("Gemm", ["x", "encoder.weight"], ["h"])
    builder.node("Gemm", ["h", "decoder.weight"], ["y"], ["transB": .integer(1)])
    builder.output("y")
    let shared = Tensor(shape: Shape([2, 2]), values: [1, 2, 3, 4])
    let network = try Network(
      graph: try Graph.parse(builder.file, path: "g.onnx"),
      parameters: ["encoder.weight": shared, "decoder.weight": shared],
      inputs: ["x": .real(Tensor(shape: Shape([1, 2]), values: [1, -1]))],
      checkpointNames: ["encoder.weight": "w", "decoder.weight": "w"])
    #expect(network.parameters.map(\.name) == ["encoder.weight"])
    // y = x W Wᵀ: with x = (1, −1), h = (−2, −2) and ∂y₀/∂W = xᵀ w₀ + e₀ h.
    _ = try network.forward()
    var found: [Float] = []
    try network.backward(cotangents: [1, 0], count: 1) { _, _, values in found += values }
    #expect(found == [-1, 0, -1, -2])
  }
}
