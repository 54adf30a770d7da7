// One archive that `torch.save` wrote (the zip layout of PyTorch ≥ 1.6, or the older one): its pickle
// as inert data, and tensors by the exact names that rebuild them (torch/_utils.py). reliability.md
// §1.7–1.9.
internal import Diagnostics
internal import Tensors

struct TorchArchive {
  let file: InputFile
  /// The directory of the zip layout.
  let zip: ZipArchive?
  /// What was saved.
  let root: PickleValue
  /// Names that Python would have imported and that no plain checkpoint needs.
  let foreignGlobals: [String]
  let fileIndex: Int
  let storages: TorchStorages
  let isBigEndian: Bool

  /// Reads what `torch.save` wrote in either layout. Errors: those of the layouts.
  static func open(_ file: InputFile, index: Int) throws(Problem) -> TorchArchive {
    let head = try file.bytes(at: 0, count: min(file.size, 16))
    if LegacyTorch.begins(head) { return try LegacyTorch.open(file, index: index) }
    return try open(FileWindow(file), index: index)
  }

  /// Whether a file's first bytes are those of one of the layouts.
  static func begins(_ head: [UInt8]) -> Bool {
    head.starts(with: [0x50, 0x4B, 0x03, 0x04]) || LegacyTorch.begins(head)
  }

  /// Reads directory and pickle of the zip layout. Errors: those of `ZipArchive` and `PickleMachine`,
  /// `incomplete-archive` (try again), `unsupported-torchscript`, `unsupported-zip`.
  static func open(_ window: FileWindow, index: Int) throws(Problem) -> TorchArchive {
    let file = window.file
    let zip = try ZipArchive.open(window)
    guard let prefix = try prefix(of: zip, file), let pickle = zip.index(of: "\(prefix)/data.pkl")
    else { throw unsupported(zip, file) }
    if zip.index(of: "\(prefix)/constants.pkl") != nil {
      throw Problem(
        "unsupported-torchscript", at: file.path, "this is a TorchScript program",
        remedy: "save the module's state_dict() with torch.save")
    }
    guard zip.index(of: "\(prefix)/version") != nil else {
      throw incomplete(file, "\(prefix)/version")
    }
    if let record = zip.records.first(where: { $0.isDeflated }) {
      throw Problem(
        "ambiguous-zip", at: file.path,
        "record \(record.name) is compressed, which torch never does",
        remedy: "save the checkpoint again with torch.save")
    }
    var isBigEndian = false
    if let order = zip.index(of: "\(prefix)/byteorder") {
      let record = zip.records[order]
      let text = try file.bytes(at: record.dataOffset, count: min(record.bytes, 16))
      guard text == Array("little".utf8) || text == Array("big".utf8) else {
        throw Problem(
          "bad-byteorder", at: "\(file.path): record \(record.name)",
          "it says neither little nor big", remedy: "save the checkpoint again")
      }
      isBigEndian = text == Array("big".utf8)
    }
    let record = zip.records[pickle]
    guard record.bytes <= PickleMachine.mostBytes else {
      throw Problem(
        "pickle-limit", at: "\(file.path): record \(record.name)",
        "\(record.bytes) bytes of pickle", remedy: "at most 256 MiB are read")
    }
    try MemoryAllowance.check(record.bytes, at: "\(file.path): record \(record.name)")
    let bytes = try file.bytes(at: record.dataOffset, count: record.bytes)
    let (root, globals) = try PickleMachine.run(bytes, path: "\(file.path): record \(record.name)")
    return TorchArchive(
      file: file, zip: zip, root: root,
      foreignGlobals: globals.filter { !TorchNames.isFamiliar($0) }, fileIndex: index,
      storages: .zip(zip, prefix: prefix), isBigEndian: isBigEndian)
  }

  /// The folder that all records share; nil when they do not.
  private static func prefix(of zip: ZipArchive, _ file: InputFile) throws(Problem) -> String? {
    guard let first = zip.records.first, let slash = first.name.firstIndex(of: "/") else {
      return nil
    }
    let prefix = String(first.name[..<slash])
    let start = Array("\(prefix)/".utf8)
    return zip.records.allSatisfy { $0.name.utf8.starts(with: start) } ? prefix : nil
  }

  static func incomplete(_ file: InputFile, _ record: String) -> Problem {
    Problem(
      "incomplete-archive", at: file.path, "record \(record) is missing",
      remedy: "wait until its writer has finished; a save that failed midway must be repeated",
      kind: .tryAgain)
  }

  private static func unsupported(_ zip: ZipArchive, _ file: InputFile) -> Problem {
    if zip.index(of: "model.weights.h5") != nil {
      return Problem(
        "unsupported-keras", at: file.path, "this is a Keras archive",
        remedy: "convert it to safetensors")
    }
    if zip.records.allSatisfy({ $0.name.hasSuffix(".npy") }), !zip.records.isEmpty {
      return Problem(
        "unsupported-npz", at: file.path, "this is a NumPy archive",
        remedy: "use it as a probe's batch, or save the weights with torch or safetensors")
    }
    return Problem(
      "unsupported-zip", at: file.path, "this archive is not one of torch.save's",
      remedy: "save the checkpoint with torch.save or safetensors")
  }

  /// One finding per foreign name, at most 20.
  var findings: [Finding] {
    var findings = foreignGlobals.prefix(20).map {
      Finding(
        "foreign-global", at: file.path,
        "the pickle mentions \($0); nothing of it was imported or called")
    }
    if foreignGlobals.count > 20 {
      findings.append(
        Finding(
          "foreign-global", at: file.path,
          "the pickle mentions \(foreignGlobals.count - 20) more names"))
    }
    return findings
  }
}
