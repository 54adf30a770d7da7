// PyYAML's safe_load as a second reader of every document.

import Foundation
import Testing

enum PyYAML {
  /// A Python that has PyYAML, or nil.
  static let python: String? = [
    ProcessInfo.processInfo.environment["PLASTICITYD_PYTHON"], "python3", "/usr/bin/python3",
  ].compactMap { $0.flatMap(Program.find) }.first {
    (try? Program.run($0, ["-c", "import yaml"]))?.code == 0
  }

  /// One document as Python reads it, in JSON.
  static func load(_ document: [UInt8]) throws -> [String: Any] {
    let script =
      "import sys,json,yaml;"
      + "json.dump(yaml.safe_load(sys.stdin.buffer.read()),sys.stdout,default=str)"
    let finished = try Program.run(try #require(python), ["-c", script], input: document)
    try #require(finished.code == 0, "\(finished.error)")
    let object = try JSONSerialization.jsonObject(with: Data(finished.output))
    return try #require(object as? [String: Any])
  }

  /// Loads every YAML document below a folder; the names of those without a schema line of ours, or
  /// with what was raised.
  static func failures(below folder: String) throws -> (count: Int, failures: [String]) {
    let script = """
      import os, sys, yaml
      count = 0
      for root, _, names in os.walk(sys.argv[1]):
          for name in names:
              if not name.endswith('.yaml'): continue
              count += 1
              path = os.path.join(root, name)
              try:
                  document = yaml.safe_load(open(path, 'rb').read())
                  assert document['schema'].startswith('plasticityd/'), 'no schema'
              except Exception as problem:
                  print(path, repr(problem).replace(chr(10), ' '))
      print(count)
      """
    let finished = try Program.run(try #require(python), ["-c", script, folder])
    var lines = String(decoding: finished.output, as: UTF8.self).split(separator: "\n")
      .map(String.init)
    try #require(finished.code == 0 && !lines.isEmpty, "\(finished.error)")
    return (Int(lines.removeLast()) ?? 0, lines)
  }
}
