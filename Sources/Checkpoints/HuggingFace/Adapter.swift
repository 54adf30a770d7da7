// PEFT's adapters: `adapter_model.safetensors` beside `adapter_config.json`
// (peft/tuners/lora/config.py, layer.py). The scale is alpha / rank, or alpha / √rank (rsLoRA).
internal import Diagnostics
internal import Tensors

struct Adapter {
  let kind: String
  let writer: String
  private let alpha: Double?
  private let usesRoot: Bool
  private let isDirectional: Bool
  /// By pattern; of those that fit a module the one that stands first counts.
  private let alphas: [String: (place: Int, value: Double)]

  init?(_ config: JSONValue) {
    guard let kind = config["peft_type"]?.text else { return nil }
    self.kind = kind
    writer = config["peft_version"]?.text.map { "peft \($0)" } ?? "peft"
    alpha = config["lora_alpha"]?.double
    usesRoot = config["use_rslora"]?.bool ?? false
    isDirectional = config["use_dora"]?.bool ?? false
    let patterns = config["alpha_pattern"]?.members ?? []
    alphas = Dictionary(
      patterns.enumerated().compactMap { place, member in
        member.value.double.map { (member.key, (place, $0)) }
      }, uniquingKeysWith: { first, _ in first })
  }

  /// Multiplications of all products together: minutes. Two files of megabytes can ask for years.
  private static let mostSteps = 1 << 38

  /// One product per pair of factors, named after the module that they adapt.
  func products(of tensors: [StoredTensor]) -> (products: [StoredTensor], findings: [Finding]) {
    guard kind == "LORA" else { return ([], []) }
    var byName: [String: StoredTensor] = [:]
    for tensor in tensors { byName[tensor.name] = tensor }
    var products: [StoredTensor] = []
    var findings: [Finding] = []
    var left = Self.mostSteps
    for a in tensors {
      guard let (module, other, isEmbedding) = Self.factor(a.name), let b = byName[other] else {
        continue
      }
      let rank = a.shape.dimensions.first ?? 0
      guard rank > 0, let alpha = alpha(of: module) else { continue }
      let scale = Float(alpha / (usesRoot ? Double(rank).squareRoot() : Double(rank)))
      // An embedding's change is the other way round: (B·A)ᵀ = Aᵀ·Bᵀ.
      let product =
        isEmbedding
        ? LowRankProduct(a: b.transposed, b: a.transposed, scale: scale)
        : LowRankProduct(a: a, b: b, scale: scale)
      guard let product,
        let shape = Shape(checking: product.extents)
      else {
        findings.append(
          Finding("bad-adapter", at: module, "its two factors do not make a product"))
        continue
      }
      let (steps, overflow) = shape.count.multipliedReportingOverflow(by: rank)
      guard !overflow, steps <= left else {
        findings.append(
          Finding("large-product", at: module, "\(shape) of rank \(rank) is not multiplied out"))
        continue
      }
      left -= steps
      products.append(StoredTensor(name: module, shape: shape, product: product))
    }
    if isDirectional, !products.isEmpty {
      findings.append(
        Finding("dora", at: "adapter", "the products leave out what DoRA's magnitudes change"))
    }
    return (products, findings)
  }

  /// Of the name of a factor A: what stands before it, the name of B, and whether they adapt an embedding.
  private static func factor(_ name: String) -> (module: String, other: String, isEmbedding: Bool)?
  {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let others = ["lora_A": "lora_B", "lora_embedding_A": "lora_embedding_B"]
    guard let place = parts.lastIndex(where: { others[$0] != nil }), place > 0 else { return nil }
    let isEmbedding = parts[place] == "lora_embedding_A"
    let module = parts[..<place].joined(separator: ".")
    parts[place] = others[parts[place]] ?? ""
    return (module, parts.joined(separator: "."), isEmbedding)
  }

  /// A pattern is a module's name or the end of one.
  private func alpha(of module: String) -> Double? {
    if alphas.isEmpty { return alpha }
    var found = alphas[module]
    for dot in module.indices where module[dot] == "." {
      guard let other = alphas[String(module[module.index(after: dot)...])] else { continue }
      if found.map({ other.place < $0.place }) ?? true { found = other }
    }
    return found?.value ?? alpha
  }
}

extension StoredTensor {
  /// A matrix with its axes exchanged, read from the same bytes; anything else as it is.
  fileprivate var transposed: StoredTensor {
    guard shape.rank == 2, encoding == nil, assembly == nil else { return self }
    var location = location
    location.strides = (location.strides ?? shape.strides).reversed()
    return StoredTensor(
      name: name, shape: Shape(shape.dimensions.reversed()), type: type, location: location)
  }
}
