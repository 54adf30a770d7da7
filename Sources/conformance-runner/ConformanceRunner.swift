// Runs ONNX's backend node tests with our own operators: a development tool of etc/conformance.
internal import Diagnostics
internal import Glibc
internal import Networks

/// One test's folder: `model.onnx` and `test_data_set_*` with `input_*.pb` and `output_*.pb`.
@main
enum ConformanceRunner {
  /// The tolerances of ONNX's own runner.
  private static let relative = 1e-3
  private static let absolute = 1e-5

  /// Without arguments prints the operators that are supported; with folders, one line for each:
  /// folder, passed or failed or unsupported, and why.
  static func main() {
    let folders = CommandLine.arguments.dropFirst()
    if folders.isEmpty {
      for name in Graph.operators { print(name) }
    }
    for folder in folders {
      let (verdict, detail) = judge(folder)
      print("\(folder)\t\(verdict)\t\(detail)")
    }
  }

  private static func judge(_ folder: String) -> (verdict: String, detail: String) {
    guard let model = read("\(folder)/model.onnx") else { return ("failed", "no model.onnx") }
    do throws(Problem) {
      let graph = try Graph.parse(model, path: "model.onnx")
      var modes: [String] = []
      var refusal: Problem?
      for mode in EvaluationMode.allCases where mode == .known || modes.isEmpty {
        for set in 0... {
          let path = "\(folder)/test_data_set_\(set)"
          guard let expected = try tensors(path, "output", graph.outputs.count) else { break }
          let inputs = try tensors(path, "input", graph.inputs.count) ?? []
          do throws(Problem) {
            let found = try graph.evaluate(inputs, mode: mode)
            if let difference = compare(found, expected) {
              return ("failed", "\(mode.rawValue): \(difference)")
            }
            modes.append(mode.rawValue)
          } catch {
            if refusal == nil || mode == .known { refusal = error }
          }
        }
      }
      if modes.isEmpty { return ("failed", refusal?.description ?? "no data") }
      return ("passed", modes.joined(separator: ", "))
    } catch {
      return ("failed", error.description)
    }
  }

  private static func tensors(
    _ folder: String, _ prefix: String, _ count: Int
  ) throws(Problem) -> [EvaluatedArray?]? {
    var result: [EvaluatedArray?] = []
    for index in 0..<count {
      guard let bytes = read("\(folder)/\(prefix)_\(index).pb") else { return nil }
      result.append(try EvaluatedArray(tensor: bytes, path: "\(prefix)_\(index).pb"))
    }
    return result
  }

  /// The first difference, nil if there is none.
  private static func compare(_ found: [EvaluatedArray], _ expected: [EvaluatedArray?]) -> String? {
    for (index, pair) in zip(found, expected).enumerated() {
      guard let wanted = pair.1 else { continue }
      guard pair.0.shape == wanted.shape else {
        return "output \(index) is \(pair.0.shape), expected \(wanted.shape)"
      }
      for (place, values) in zip(pair.0.values, wanted.values).enumerated() {
        let (a, b) = values
        if a == b || (a.isNaN && b.isNaN) { continue }
        guard (a - b).magnitude <= absolute + relative * b.magnitude else {
          return "output \(index) entry \(place) is \(a), expected \(b)"
        }
      }
    }
    return nil
  }

  private static func read(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }
}
