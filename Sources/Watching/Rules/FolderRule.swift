// How the folders of each writer are told, and when one is whole. A new writer is one new file and
// one line here.

/// The names in one folder, as a rule sees them.
struct FolderNames {
  /// The folder's own name.
  let name: String
  /// Names of files, in byte order.
  let files: [String]
  /// Names of folders, in byte order.
  let folders: [String]

  func hasFile(_ name: String) -> Bool { files.contains(name) }
}

/// One writer's folders.
protocol FolderRule: Sendable {
  /// Whether a folder with these names is one checkpoint, whole or not.
  static func recognises(_ folder: FolderNames) -> Bool
  /// Whether a file's change makes the folder another checkpoint; files of parts are named by their
  /// path in the folder (`zero/w/fp32.pt`).
  static func isMember(_ name: String) -> Bool
  /// Whether a folder in it, by its path in it, holds members too.
  static func isPart(_ folder: String) -> Bool
  /// Whether the folder may stand without this member when that is no regular file.
  static func canSpare(_ member: String) -> Bool
  /// How whole it looks.
  static func check(_ folder: WatchedFolder, patience: Completeness.Patience) -> Completeness
}

extension FolderRule {
  static func isPart(_ folder: String) -> Bool { false }
  static func canSpare(_ member: String) -> Bool { false }
}

enum FolderRules {
  /// The first that recognises a folder has it.
  static let all: [any FolderRule.Type] = [
    MegatronRule.self, DistributedRule.self, DeepSpeedRule.self, HuggingFaceRule.self,
    SavedModelRule.self, OrbaxRule.self,
  ]

  static func rule(for folder: FolderNames) -> (any FolderRule.Type)? {
    all.first { $0.recognises(folder) }
  }
}
