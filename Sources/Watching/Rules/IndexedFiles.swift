// Checkpoints that are an index and the files beside it that it stands for: TensorFlow's bundles, Keras'
// split weights. The index is the candidate; the others are parts of it. A new kind is one line here.

/// One kind of index.
protocol IndexRule: FileRule {
  /// How the index's name ends, and how the names of its parts go on where that begins and end.
  static var indexSuffix: String { get }
  static var partMark: String { get }
  static var partSuffix: String { get }
  /// How whole the index and its parts look; the index itself has been looked at.
  static func check(
    _ members: [Fingerprint.Member], index: String, patience: Completeness.Patience
  ) -> Completeness
}

enum IndexedFiles {
  static let all: [any IndexRule.Type] = [TensorFlowRule.self, KerasSplitRule.self]

  /// The files of an index among the names beside it, which are in byte order.
  static func parts(of index: String, among names: [String]) -> [String] {
    guard let rule = rule(for: index) else { return [] }
    let prefix = "\(index.dropLast(rule.indexSuffix.utf8.count))\(rule.partMark)"
    return names[first(prefix, in: names)...].prefix { $0.hasPrefix(prefix) }
      .filter { $0.hasSuffix(rule.partSuffix) }
  }

  /// The place of the first name that is not before a text.
  private static func first(_ text: String, in names: [String]) -> Int {
    var (low, high) = (0, names.count)
    while low < high {
      let middle = (low + high) / 2
      if names[middle] < text { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Whether a file that would be a checkpoint by its name is a part of one whose index is there.
  static func isPart(_ name: String, among names: [String]) -> Bool {
    guard let index = KerasSplitRule.index(of: name) else { return false }
    let place = first(index, in: names)
    return place < names.count && names[place] == index
  }

  /// Whether a file is the index of a checkpoint; one in a `SavedModel` is none of its own.
  static func isIndex(_ name: String, in folder: String, among names: [String]) -> Bool {
    !(name == "variables.index" && folder == "variables")
      && !parts(of: name, among: names).isEmpty
  }

  static func check(_ candidate: Candidate, patience: Completeness.Patience) -> Completeness {
    let index = Completeness.check(file: candidate.path, called: candidate.name, patience: patience)
    guard case .complete = index, let rule = rule(for: candidate.name) else { return index }
    return rule.check(candidate.fingerprint.members, index: candidate.name, patience: patience)
  }

  private static func rule(for name: String) -> (any IndexRule.Type)? {
    all.first { name.hasSuffix($0.indexSuffix) && name.utf8.count > $0.indexSuffix.utf8.count }
  }
}
