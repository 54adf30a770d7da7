// One hostile checkpoint, made from nothing: no file of a real attack is kept. What each imitates
// stands beside it (reliability.md §3).

/// Files that a trainer would not write, and what must become of them.
package struct HostileInput: Sendable {
  /// What must become of it.
  package enum Outcome: Sendable, Hashable {
    /// Refused in one line that begins with this code.
    case refused(String)
    /// As `refused`, because it looks like something that is still being written.
    case notYet(String)
    /// Read, with a finding of this code, or with none.
    case read(finding: String?)
  }

  /// What is at a path.
  package enum Content: Sendable {
    case bytes([UInt8])
    /// A file of so many bytes of which only the first are there.
    case sparse([UInt8], size: Int)
    case link(String)
    case fifo
    case folder
  }

  /// A unique word.
  package let name: String
  /// What lies where, by paths relative to a folder of its own.
  package let files: [(path: String, content: Content)]
  /// The path of the checkpoint among them.
  package let checkpoint: String
  /// Whether it is a probe's folder, not a checkpoint.
  package let isProbe: Bool
  package let outcome: Outcome

  package init(
    _ name: String, files: [(path: String, content: Content)], checkpoint: String,
    isProbe: Bool = false, _ outcome: Outcome
  ) {
    self.name = name
    self.files = files
    self.checkpoint = checkpoint
    self.isProbe = isProbe
    self.outcome = outcome
  }

  /// One file.
  package init(_ name: String, _ ending: String, _ bytes: [UInt8], _ outcome: Outcome) {
    let path = "step_1\(ending)"
    self.init(name, files: [(path, .bytes(bytes))], checkpoint: path, outcome)
  }

  /// All of them.
  package static let all: [HostileInput] =
    safetensorsInputs + zipInputs + pickleInputs + tensorInputs + numPyInputs + folderInputs
    + foreignInputs + nameInputs + legacyInputs + distributedInputs
    + hdf5Inputs + ggufInputs + flaxInputs + deepSpeedInputs + indexInputs
    + bundleInputs + orbaxInputs
}
