// Files beside these tests, and folders that vanish with the test.
import Foundation

enum Fixture {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures").path

  static func path(_ name: String) -> String { "\(folder)/\(name)" }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// What PyTorch and NumPy read from the fixtures; `generate.py` writes it.
  static func expected() throws -> Expected {
    try JSONDecoder().decode(Expected.self, from: Data(bytes("expected.json")))
  }
}

/// A folder of its own for one test.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/checkpoints-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file and returns its path.
  @discardableResult
  func write(_ bytes: [UInt8], as name: String) throws -> String {
    let file = "\(path)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  /// A message with this folder left out of its paths.
  func short(_ error: any Error) -> String {
    "\(error)".replacingOccurrences(of: "\(path)/", with: "")
      .replacingOccurrences(of: path, with: "FOLDER")
  }
}

struct Expected: Decodable {
  struct Tensor: Decodable {
    let name: String
    let shape: [Int]
    let type: String
    let sumSquares: Double
    let sumAbsolute: Double
    let nan: Int
    let infinite: Int
    let values: [String]
  }

  struct Moment: Decodable {
    let parameter: String
    let first: Double?
    let second: Double
  }

  struct File: Decodable {
    let tensors: [Tensor]
    let digest: String
    let format: String
    let dict: String
    let step: Int?
    let stepSource: String?
    let epoch: Double?
    let lr: Double?
    let batch: Int?
    let clip: Double?
    let metrics: [String: Double]?
    let kind: String?
    let betas: [Double?]?
    let moments: [Moment]?
    let shared: [String: String]?
    let sorted: Bool?
    let findings: [String]
  }

  struct Array: Decodable {
    let shape: [Int]
    let real: Bool
    let values: [Double]
  }

  let files: [String: File]
  let arrays: [String: Array]

  private struct Key: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    arrays = try container.decode([String: Array].self, forKey: Key(stringValue: "arrays"))
    var files: [String: File] = [:]
    for key in container.allKeys where key.stringValue != "arrays" {
      files[key.stringValue] = try container.decode(File.self, forKey: key)
    }
    self.files = files
  }
}
