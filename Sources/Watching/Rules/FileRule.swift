// What the first and last bytes of a file tell about it being whole, by format. A new format is one
// new file and one line here.

/// One format of single files.
protocol FileRule: Sendable {
  /// Whether the file is of this format, by its name and first bytes.
  static func claims(_ file: FileEnds, name: String) -> Bool
  /// What is missing at its ends, or nil when they look whole.
  static func missing(_ file: FileEnds) -> String?
}

enum FileRules {
  /// The first that claims a file judges it; the worker judges what none claims.
  static let all: [any FileRule.Type] = [
    SafetensorsRule.self, ZipRule.self, HDF5Rule.self, TensorFlowRule.self,
    KerasSplitRule.self, OCDBTRule.self,
  ]

  static func missing(_ file: FileEnds, name: String) -> String? {
    guard file.bytes > 0 else { return "it is empty" }
    if let rule = all.first(where: { $0.claims(file, name: name) }) { return rule.missing(file) }
    return file.bytes < 4 ? "it has \(file.bytes) bytes" : nil
  }
}
