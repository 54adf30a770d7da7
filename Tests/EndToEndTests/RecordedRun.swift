// The recorded runs, dropped into a watched folder the way trainers write.

import Foundation

/// A recorded run. `PLASTICITYD_RUNS` may name a folder with more checkpoints of the same runs,
/// as `<run>/checkpoints/…`.
struct RecordedRun: Sendable {
  let name: String
  /// How a trainer writes it.
  enum Manner: CaseIterable { case inPlace, renamed }

  static let mnist1d = RecordedRun(name: "mnist1d-cnn-sgd")
  static let digits = RecordedRun(name: "digits-resnet-adamw-lightning")
  static let chars = RecordedRun(name: "chars-gpt2-hf-trainer")
  static let all = [mnist1d, digits, chars]

  private var folder: String {
    if let more = ProcessInfo.processInfo.environment["PLASTICITYD_RUNS"] {
      return "\(more)/\(name)/checkpoints"
    }
    return Fixtures.root.appending(path: "\(name)/checkpoints").path
  }

  var probe: String { Fixtures.probe(name) }

  /// Names of its checkpoints by step.
  func checkpoints() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted {
      $0.compare($1, options: .numeric) == .orderedAscending
    }
  }

  func path(_ checkpoint: String) -> String { "\(folder)/\(checkpoint)" }

  /// Writes one checkpoint into the run's folder below a root.
  func drop(_ checkpoint: String, into root: String, _ manner: Manner) throws {
    let target = "\(root)/\(name)"
    try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
    try Self.copy(path(checkpoint), to: target, as: checkpoint, manner)
  }

  /// Copies a file or folder in one of the manners; a folder's trainer_state.json comes last.
  static func copy(
    _ source: String, to target: String, as name: String, _ manner: Manner
  ) throws {
    let final = "\(target)/\(name)"
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: source, isDirectory: &isFolder), isFolder.boolValue {
      let working = manner == .inPlace ? final : "\(target)/tmp-\(name)"
      try FileManager.default.createDirectory(atPath: working, withIntermediateDirectories: true)
      let members = try FileManager.default.contentsOfDirectory(atPath: source).sorted {
        ($0 == "trainer_state.json" ? 1 : 0, $0) < ($1 == "trainer_state.json" ? 1 : 0, $1)
      }
      for member in members {
        try writeInPieces(try bytes("\(source)/\(member)"), to: "\(working)/\(member)")
      }
      if working != final { try rename(working, final) }
    } else if manner == .inPlace {
      try writeInPieces(try bytes(source), to: final)
    } else {
      try Data(try bytes(source)).write(to: URL(filePath: final + ".tmp"))
      try rename(final + ".tmp", final)
    }
  }

  private static func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path)))
  }

  private static func rename(_ name: String, _ other: String) throws {
    try FileManager.default.moveItem(atPath: name, toPath: other)
  }

  /// Five pieces, with a breath between them that lets the daemon look at each.
  private static func writeInPieces(_ bytes: [UInt8], to path: String) throws {
    try Data().write(to: URL(filePath: path))
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    let piece = bytes.count / 5 + 1
    for start in stride(from: 0, to: bytes.count, by: piece) {
      try file.write(contentsOf: Data(bytes[start..<min(start + piece, bytes.count)]))
      poll(nil, 0, 3)
    }
    try file.close()
  }
}
