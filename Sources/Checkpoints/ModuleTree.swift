// A pickled `torch.nn.Module`: the attributes that `state_dict()` walks, rebuilt as data.
internal import Diagnostics

enum ModuleTree {
  /// Named tensors in the order of `state_dict()`; nil when the value is no module.
  static func entries(
    of root: PickleValue, in archive: TorchArchive
  ) -> [(key: [UInt8], value: PickleValue)]? {
    guard root.state?["_modules"] != nil, root.state?["_parameters"] != nil else { return nil }
    var found: [(key: [UInt8], value: PickleValue)] = []
    var onPath: Set<PickleGraph.Index> = []
    var visited = 0
    func walk(_ module: PickleValue, _ prefix: [UInt8], depth: Int) {
      visited += 1
      // A module may be shared, so it may be met twice, but not inside itself.
      guard depth < 64, visited < 100_000, let state = module.state,
        onPath.insert(module.index).inserted
      else { return }
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
          walk(value, prefix + key + [UInt8(ascii: ".")], depth: depth + 1)
        }
      }
    }
    walk(root, [], depth: 0)
    return found
  }
}
