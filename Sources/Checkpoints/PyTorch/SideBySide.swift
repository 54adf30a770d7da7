// Networks that a trainer saves side by side under keys of its own: an encoder and a decoder, a generator and
// its discriminator. They are read as one network; copies (averages, targets, the best so far) are not.
internal import Diagnostics
internal import Tensors

enum SideBySide {
  /// Which dictionaries hold the weights, by index and in the file's order: the best one, and where nothing but
  /// its own key names it those beside it that are other networks.
  static func parts(
    of candidates: [StateDict.Candidate], with best: Int, in archive: TorchArchive
  ) throws(Problem) -> [Int] {
    let chosen = candidates[best]
    guard isPart(chosen) else { return [best] }
    var siblings: [(index: Int, key: String, tensors: Set<Named>)] = []
    for (index, candidate) in candidates.enumerated() {
      guard isPart(candidate), candidate.path.dropLast() == chosen.path.dropLast() else { continue }
      siblings.append(
        (index, candidate.path.last ?? "", try tensors(of: candidate, in: archive)))
    }
    // What is there twice has the shorter name: `net`, `net_ema`.
    siblings.sort {
      $0.tensors.count != $1.tensors.count
        ? $0.tensors.count > $1.tensors.count : $0.key.count < $1.key.count
    }
    var taken: [(index: Int, tensors: Set<Named>)] = []
    for sibling in siblings
    where !taken.contains(where: { sibling.tensors.isSubset(of: $0.tensors) }) {
      taken.append((sibling.index, sibling.tensors))
    }
    return taken.map(\.index).sorted()
  }

  private struct Named: Hashable {
    let name: [UInt8]
    let shape: Shape?
  }

  /// Whether it is a module's under a key that no trainer is known to keep all weights under.
  private static func isPart(_ candidate: StateDict.Candidate) -> Bool {
    guard let key = candidate.path.last, !StateDictPath.isKnown(key) else { return false }
    return candidate.entries.contains { key, _ in
      let name = String(decoding: key, as: UTF8.self)
      return ["weight", "bias"].contains(name.split(separator: ".").last)
    }
  }

  private static func tensors(
    of candidate: StateDict.Candidate, in archive: TorchArchive
  ) throws(Problem) -> Set<Named> {
    var tensors: Set<Named> = []
    for (key, value) in candidate.entries {
      var shape: Shape?
      if case .tensor(let tensor) = try archive.tensor(
        value, name: String(decoding: key, as: UTF8.self))
      {
        shape = tensor.shape
      }
      tensors.insert(Named(name: key, shape: shape))
    }
    return tensors
  }
}
