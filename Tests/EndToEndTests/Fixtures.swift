import Foundation

/// The recorded runs beside this file: real checkpoints, probes, and reference values computed by
/// PyTorch in float64 (exact over classes; per sequence and exact over the vocabulary for the
/// language model).
enum Fixtures {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Fixtures")

  static func checkpoint(_ run: String, _ name: String) -> String {
    root.appending(path: "\(run)/checkpoints/\(name)").path
  }

  static func probe(_ run: String) -> String { root.appending(path: "\(run)/probe").path }

  static func names(_ run: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(
      atPath: root.appending(path: "\(run)/checkpoints").path
    ).sorted()
  }

  static func json(_ run: String, _ file: String) throws -> [String: Any] {
    let data = try Data(contentsOf: root.appending(path: "\(run)/\(file)"))
    guard let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      throw CocoaError(.fileReadCorruptFile)
    }
    return object
  }

  /// One checkpoint's reference.
  static func reference(_ run: String, _ name: String) throws -> Reference {
    guard let values = try json(run, "reference.json")[name] as? [String: Any],
      let loss = values["loss"] as? Double, let accuracy = values["accuracy"] as? Double,
      let total = values["fisher_trace_total"] as? Double,
      let traces = values["fisher_trace"] as? [String: Double],
      let empirical = values["empirical_fisher_trace"] as? [String: Double],
      let step = values["step"] as? Int
    else { throw CocoaError(.fileReadCorruptFile) }
    return Reference(
      loss: loss, accuracy: accuracy, step: step, total: total, traces: traces,
      empirical: empirical)
  }

  struct Reference {
    let loss: Double
    let accuracy: Double
    let step: Int
    let total: Double
    let traces: [String: Double]
    let empirical: [String: Double]
  }
}
