// Assignments of moments to parameters: taken when exactly one fits, refused otherwise.
import Tensors
import Testing

@testable import Checkpoints

@Suite struct MomentMatchingTests {
  private func match(
    _ parameters: [(String, [Int])], _ groups: [[[Int]?]], decays: [Double?]? = nil
  ) -> String {
    let matching = MomentMatching(
      parameters: parameters.map { ($0.0, Shape($0.1)) },
      groups: groups.map { $0.map { $0.map { Shape($0) } } },
      weightDecays: decays ?? groups.map { _ in nil })
    switch matching.match() {
    case .matched(let assignment, let how): return "\(assignment) by \(how)"
    case .refused(let reason): return reason
    }
  }

  @Test func oneGroupInTheModelsOrder() {
    let model = [("a.weight", [2, 3]), ("a.bias", [2]), ("b.weight", [2, 3]), ("b.bias", [2])]
    #expect(match(model, [[[2, 3], [2], [2, 3], [2]]]) == "[[0, 1, 2, 3]] by shapes")
    // Another order that does not fit.
    #expect(
      match(model, [[[2], [2, 3], [2, 3], [2]]])
        == "the shapes of its moments do not fit the parameters in any order")
    // A parameter without state fits whatever is its turn.
    #expect(match(model, [[[2, 3], nil, [2, 3], [2]]]) == "[[0, 1, 2, 3]] by shapes")
  }

  @Test func matricesAndVectorsInTwoGroups() {
    let model = [("a.weight", [2, 3]), ("a.bias", [2]), ("b.weight", [2, 3]), ("b.bias", [2])]
    #expect(match(model, [[[2, 3], [2, 3]], [[2], [2]]]) == "[[0, 2], [1, 3]] by shapes")
    #expect(match(model, [[[2], [2]], [[2, 3], [2, 3]]]) == "[[1, 3], [0, 2]] by shapes")
  }

  @Test func frozenParametersMustBeTold() {
    let model = [("a", [2, 3]), ("b", [2]), ("c", [4, 3]), ("d", [5])]
    #expect(match(model, [[[4, 3], [5]]]) == "[[2, 3]] by shapes")
    let twins = [("a", [2]), ("b", [2]), ("c", [3])]
    #expect(
      match(twins, [[[2], [3]]]) == "several orders of the parameters fit the shapes of its moments"
    )
  }

  @Test func rulesDecideOnlyWhereTheyAgree() {
    // Norm weights and biases have the same shape: by shapes alone they could be swapped.
    let model = [("fc.weight", [2, 2]), ("fc.bias", [2]), ("ln.weight", [2]), ("ln.bias", [2])]
    #expect(
      match(model, [[[2, 2], [2]], [[2], [2]]], decays: [0.1, 0])
        == "[[0, 2], [1, 3]] by biases and normalisation layers are not decayed")
    #expect(
      match(model, [[[2], [2]], [[2, 2], [2]]], decays: [0, 0.1])
        == "[[1, 3], [0, 2]] by biases and normalisation layers are not decayed")
    // Groups that are decayed alike were not split by their decay.
    for decays in [[0.01, 0.01], [0.1, 0.01], [0, 0], [nil, nil], [0.1, nil]] as [[Double?]] {
      #expect(
        match(model, [[[2, 2], [2]], [[2], [2]]], decays: decays)
          == "several orders of the parameters fit the shapes of its moments")
    }
    // Three groups: no rule applies.
    #expect(
      match(model, [[[2, 2]], [[2], [2]], [[2]]])
        == "several orders of the parameters fit the shapes of its moments")
  }

  @Test func numbersMustFit() {
    #expect(match([("a", [2])], [[]]) == "the optimizer lists no parameters")
    #expect(
      match([("a", [2])], [[[2], [2]]]) == "it has 2 parameters, and the checkpoint 1")
  }

  @Test func hopelessCasesEndSoon() {
    // 400 equal shapes in four groups: far too many states to walk.
    let model = (0..<400).map { ("p\($0)", [3]) }
    let group = [[Int]?](repeating: [3], count: 100)
    #expect(
      match(model, [group, group, group, group])
        == "several orders of the parameters fit the shapes of its moments")
  }

  /// A group for each parameter: already a few steps reach more states than memory has room for.
  @Test func aGroupForEachParameterEndsSoon() {
    let model = (0..<3_000).map { ("p\($0)", [3]) }
    #expect(
      match(model, (0..<3_000).map { _ in [[3]] })
        == "several orders of the parameters fit the shapes of its moments")
    let shape = Shape([3])
    let layers = KerasMatching(
      moments: [Shape](repeating: shape, count: 3_000),
      layers: [[Shape]](repeating: [shape], count: 3_000), chains: (0..<3_000).map { [$0] })
    guard case .several = layers.match() else {
      Issue.record("3000 layers of one shape have more than one order")
      return
    }
  }

  @Test func registrationOrderOfKnownArchitectures() {
    let names = [
      "lm_head.weight", "transformer.h.0.ln_1.weight", "transformer.h.10.attn.c_attn.bias",
      "transformer.h.2.mlp.c_proj.weight", "transformer.ln_f.bias", "transformer.wte.weight",
    ]
    #expect(ParameterOrder.indices(of: names, modelType: "gpt2") == [5, 1, 3, 2, 4, 0])
    #expect(ParameterOrder.indices(of: names, modelType: "llama") == nil)
    #expect(ParameterOrder.indices(of: names, modelType: "unknown") == nil)
    let llama = [
      "model.layers.0.input_layernorm.weight", "model.layers.0.mlp.down_proj.weight",
      "model.layers.0.self_attn.o_proj.weight", "model.norm.weight", "model.embed_tokens.weight",
    ]
    #expect(ParameterOrder.indices(of: llama, modelType: "mistral") == [4, 2, 1, 0, 3])
  }
}
