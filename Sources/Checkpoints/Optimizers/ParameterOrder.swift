// The order in which well-known architectures register their parameters (`model.parameters()`), for
// containers that sort by name. From Hugging Face transformers' modelling files; every use is
// checked against the shapes of the moments.

enum ParameterOrder {
  /// Children in registration order, over all levels of the module tree of an architecture.
  private static let gpt2 = [
    "transformer", "wte", "wpe", "h", "ln_f", "ln_1", "attn", "ln_2", "mlp", "c_attn", "c_fc",
    "c_proj", "lm_head", "weight", "bias",
  ]
  private static let llama = [
    "model", "embed_tokens", "layers", "norm", "self_attn", "mlp", "input_layernorm",
    "post_attention_layernorm", "q_proj", "k_proj", "v_proj", "o_proj", "q_norm", "k_norm",
    "gate_proj", "up_proj", "down_proj", "lm_head", "weight", "bias",
  ]
  private static let bert = [
    "bert", "roberta", "embeddings", "encoder", "layer", "word_embeddings", "position_embeddings",
    "token_type_embeddings", "attention", "intermediate", "self", "output", "query", "key", "value",
    "dense", "LayerNorm", "pooler", "classifier", "out_proj", "weight", "bias",
  ]
  private static let gptNeoX = [
    "gpt_neox", "embed_in", "layers", "final_layer_norm", "input_layernorm",
    "post_attention_layernorm", "attention", "mlp", "query_key_value", "dense", "dense_h_to_4h",
    "dense_4h_to_h", "embed_out", "weight", "bias",
  ]

  /// By `model_type` of a config.json.
  private static let children: [String: [String]] = [
    "gpt2": gpt2, "llama": llama, "mistral": llama, "qwen2": llama, "qwen3": llama, "bert": bert,
    "roberta": bert, "gpt_neox": gptNeoX,
  ]

  /// The indices of `names` in registration order, or nil when the architecture or one of the names
  /// is not known.
  static func indices(of names: [String], modelType: String) -> [Int]? {
    guard let children = children[modelType] else { return nil }
    var keys: [[Int]] = []
    for name in names {
      var key: [Int] = []
      for part in name.split(separator: ".", omittingEmptySubsequences: false) {
        // Blocks count up from 0; a number never stands beside a word.
        guard let rank = Int(part) ?? children.firstIndex(of: String(part)) else { return nil }
        key.append(rank)
      }
      keys.append(key)
    }
    return names.indices.sorted { keys[$0].lexicographicallyPrecedes(keys[$1]) }
  }
}
