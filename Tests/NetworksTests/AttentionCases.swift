// The table of attention, rotary positions and Einstein sums.
import Networks

private func summed(
  _ equation: String, _ shape: [Int], with other: [Int], parameterFirst: Bool = false
) -> OperatorCase {
  OperatorCase(
    name: "Einsum \(equation)\(parameterFirst ? " first" : "")", shape: shape,
    parameters: ["op.weight": other]
  ) {
    $0.node(
      "Einsum", parameterFirst ? ["op.weight", "h"] : ["h", "op.weight"], ["y"],
      ["equation": .text(equation)])
  }
}

private func summed(_ equation: String, _ shape: [Int]) -> OperatorCase {
  OperatorCase(name: "Einsum \(equation) of activations", shape: shape) {
    let count = equation.split(separator: ">")[0].split(separator: ",").count
    $0.node("Tanh", ["h"], ["t"])
    $0.node(
      "Einsum", Array(["h", "t", "h"].prefix(count)), ["y"], ["equation": .text(equation)])
  }
}

private func attention(
  _ name: String, heads: Int, keyHeads: Int, masks: Bool = false,
  _ attributes: [String: GraphBuilder.Value] = [:]
) -> OperatorCase {
  // Three positions of heads · 2 entries; keys and values are projections of the input.
  let (wide, narrow) = (heads * 2, keyHeads * 2)
  return OperatorCase(
    name: "Attention " + name, shape: [3, wide],
    parameters: ["k.weight": [wide, narrow], "v.weight": [wide, narrow]]
  ) {
    $0.node("MatMul", ["h", "k.weight"], ["k"])
    $0.node("MatMul", ["h", "v.weight"], ["v"])
    if masks {
      $0.constant("mask", [3, 3], [true, false, true, true, true, false, false, true, true])
    }
    $0.node(
      "Attention", ["h", "k", "v"] + (masks ? ["mask"] : []), ["y"],
      attributes.merging([
        "q_num_heads": .integer(heads), "kv_num_heads": .integer(keyHeads),
      ]) { first, _ in first })
  }
}

let attentionCases: [OperatorCase] = [
  attention("of one head", heads: 1, keyHeads: 1),
  attention("that is causal", heads: 2, keyHeads: 2, ["is_causal": .integer(1)]),
  attention(
    "with grouped queries, a mask and a soft cap", heads: 4, keyHeads: 2, masks: true,
    ["softcap": .float(1.5), "scale": .float(0.4)]),
  OperatorCase(name: "Attention of four axes", shape: [2, 3, 2]) {
    $0.node("Tanh", ["h"], ["v"])
    $0.node("Attention", ["h", "h", "v"], ["y"], ["is_causal": .integer(1)])
  },
  OperatorCase(name: "RotaryEmbedding", shape: [2, 3, 4]) {
    $0.constant("cos", [1, 3, 2], [1, 1, 0.54, 0.99, -0.42, 0.98] as [Float])
    $0.constant("sin", [1, 3, 2], [0, 0, 0.84, 0.1, 0.91, 0.2] as [Float])
    $0.node("RotaryEmbedding", ["h", "cos", "sin"], ["y"])
  },
  OperatorCase(name: "RotaryEmbedding of a part, interleaved", shape: [3, 6]) {
    $0.constant("cos", [4, 1], [1, 0.54, -0.42, 0.3] as [Float])
    $0.constant("sin", [4, 1], [0, 0.84, 0.91, 0.2] as [Float])
    $0.constant("places", [1, 3], [0, 3, 1])
    $0.node(
      "RotaryEmbedding", ["h", "cos", "sin", "places"], ["y"],
      [
        "interleaved": .integer(1), "num_heads": .integer(2), "rotary_embedding_dim": .integer(2),
      ])
  },
  summed("bij,jk->bik", [2, 3], with: [3, 2]), summed("bi,oi->bo", [3], with: [2, 3]),
  summed("oi,bi->bo", [3], with: [2, 3], parameterFirst: true),
  summed("bhd,hde->bhe", [2, 3], with: [2, 3, 2]), summed("bi,i->bi", [3], with: [3]),
  summed("...i,ij->...j", [2, 3], with: [3, 2]),
  summed("bij->bji", [2, 3]), summed("bij->b", [2, 3]), summed("bii->bi", [3, 3]),
  summed("bqhd,bkhd->bhqk", [2, 2, 3]), summed("bi,bi->b", [3]), summed("bij,bjk->bik", [2, 2]),
  summed("...ij,...jk,...kl->...il", [2, 2]),
]
