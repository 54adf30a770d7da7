// Writes the hostile inputs into a folder, one folder each, and lists them on standard output:
// name, path, what is expected, separated by tabs. For etc/check-sandbox and for seeds of fuzzers.
//
//   hostile-corpus FOLDER

import Foundation
import HostileCorpus

@main
enum WriteCorpus {
  static func main() throws {
    guard CommandLine.arguments.count == 2 else { exit(64) }
    for input in HostileInput.all {
      let folder = "\(CommandLine.arguments[1])/\(input.name)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let path = try input.write(below: folder)
      let expected =
        switch input.outcome {
        case .refused(let code): "refused \(code)"
        case .notYet(let code): "not-yet \(code)"
        case .read(let finding): "read \(finding ?? "")"
        }
      print("\(input.name)\t\(path)\t\(input.isProbe ? "probe" : "checkpoint")\t\(expected)")
    }
  }
}
