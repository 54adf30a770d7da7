// A pickled `torch.nn.Module`: the attributes that `state_dict()` walks, rebuilt as data.
internal import Diagnostics

enum ModuleTree {
  private static let deepest = 64
  private static let most = 100_000

  /// Named tensors in the order of `state_dict()`; nil when the value is no module. Errors:
  /// `pickle-limit`, since a part of the tensors would pass for all of them.
  static func entries(
    of root: PickleValue, in archive: TorchArchive
  ) throws(Problem) -> [(key: [UInt8], value: PickleValue)]? {
    guard root.state?["_modules"] != nil, root.state?["_parameters"] != nil else { return nil }
    var found: [(key: [UInt8], value: PickleValue)] = []
    var onPath: Set<PickleGraph.Index> = []
    var visited = 0
    func walk(_ module: PickleValue, _ prefix: [UInt8], depth: Int) throws(Problem) {
      visited += 1
      // A module may be shared, so it may be met twice, but not inside itself.
      guard let state = module.state, onPath.insert(module.index).inserted else { return }
      guard depth < deepest, visited <= most else {
        throw Problem(
          "pickle-limit", at: archive.file.path,
          "more than \(most) modules, or modules that nest deeper than \(deepest)",
          remedy: "save model.state_dict()")
      }
      defer { onPath.remove(module.index) }
      let passing = Set(
        (state["_non_persistent_buffers_set"]?.elements ?? []).compactMap(\.rawText))
      for (key, value) in (state["_parameters"]?.entries ?? []) {
        if let key = key.rawText, archive.isTensor(value) { found.append((prefix + key, value)) }
      }
      for (key, value) in (state["_buffers"]?.entries ?? []) {
        guard let key = key.rawText, !passing.contains(key), archive.isTensor(value) else {
          continue
        }
        found.append((prefix + key, value))
      }
      for (key, value) in (state["_modules"]?.entries ?? []) {
        if let key = key.rawText {
          try walk(value, prefix + key + [UInt8(ascii: ".")], depth: depth + 1)
        }
      }
    }
    try walk(root, [], depth: 0)
    return found
  }
}
