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
      guard let module = Self.module(of: a.name),
        let b = byName["\(module).lora_B" + a.name.dropFirst(module.utf8.count + 7)]
      else { continue }
      let rank = a.shape.dimensions.first ?? 0
      guard rank > 0, let alpha = alpha(of: module) else { continue }
      let scale = Float(alpha / (usesRoot ? Double(rank).squareRoot() : Double(rank)))
      guard let product = LowRankProduct(a: a, b: b, scale: scale),
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

  /// What stands before `.lora_A`.
  private static func module(of name: String) -> String? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard let place = parts.lastIndex(of: "lora_A"), place > 0 else { return nil }
    return parts[..<place].joined(separator: ".")
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
