// TensorFlow's bundles: data files, then `<prefix>.index`, whose last bytes are its table's mark
// (tensorflow/core/util/tensor_bundle/tensor_bundle.cc). `checkpoint` beside it is written later still,
// by some programs only.

enum TensorFlowRule: IndexRule {
  static let indexSuffix = ".index"
  static let partMark = ".data-"
  static let partSuffix = ""
  private static let magic: [UInt8] = [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]

  static func claims(_ file: FileEnds, name: String) -> Bool { name.hasSuffix(indexSuffix) }

  static func missing(_ file: FileEnds) -> String? {
    file.bytes >= 48 && file.last(8) == magic
      ? nil : "the table's footer is not there yet, which is written last"
  }

  static func check(
    _ members: [Fingerprint.Member], index: String, patience: Completeness.Patience
  ) -> Completeness {
    let parts = members.filter { $0.name.contains(".data-") }
    let counts = Set(
      parts.map { member in
        member.name.split(separator: "-").last.flatMap { Int($0) } ?? 0
      })
    guard let count = counts.first, counts.count == 1 else {
      return .incomplete(
        parts.isEmpty ? "no data file is beside the index" : "data files of two saves are there")
    }
    guard parts.count >= count else {
      return .incomplete("\(parts.count) of \(count) data files are there")
    }
    // A save over an older one replaces the data first. Copies may have any order.
    guard let commit = members.first(where: { $0.name == index }),
      let newer = parts.first(where: { $0.modifiedNanoseconds > commit.modifiedNanoseconds })
    else { return .complete }
    return .doubtful(
      "overwrite in progress: \(newer.name) is newer than \(index)", patience: patience.hole)
  }
}

/// A `SavedModel`: a bundle in `variables/`, then `saved_model.pb`
/// (tensorflow/python/saved_model/save.py).
enum SavedModelRule: FolderRule {
  static func recognises(_ folder: FolderNames) -> Bool {
    folder.hasFile("saved_model.pb") && folder.folders.contains("variables")
  }

  static func isMember(_ name: String) -> Bool {
    name == "saved_model.pb" || name == "variables/variables.index"
      || name.hasPrefix("variables/variables.data-")
  }

  static func isPart(_ folder: String) -> Bool { folder == "variables" }

  static func check(_ folder: WatchedFolder, patience: Completeness.Patience) -> Completeness {
    let index = "variables/variables.index"
    guard folder.hasMember(index) else { return .incomplete("\(index) is not there yet") }
    let files = folder.checkMembers(patience: patience) { $0 == index }
    guard case .complete = files else { return files }
    return TensorFlowRule.check(folder.members, index: index, patience: patience)
  }
}
