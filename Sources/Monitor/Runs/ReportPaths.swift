/// Where documents lie under the report folder. Names from files become harmless file names.
struct ReportPaths {
  /// The report folder, without a slash at the end.
  let root: String

  init(root: String) {
    self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
  }

  /// The folder of a run. The names of our own documents are kept free.
  func folder(run: String) -> String {
    var parts = run.split(separator: "/").map { Self.harmless(String($0), limit: 200) }
    for index in parts.indices
    where parts[index].hasSuffix(".yaml") || parts[index] == (index == 0 ? "alerts" : "index.html")
    {
      parts[index] = "run-" + parts[index]
    }
    return ([root] + (parts.isEmpty ? ["run"] : parts)).joined(separator: "/")
  }

  func runReport(_ run: String) -> String { folder(run: run) + "/run.yaml" }
  func page(_ run: String) -> String { folder(run: run) + "/index.html" }

  /// The file name of a checkpoint's report: the same for the same content, whoever writes it.
  static func name(step: Int?, digest: String) -> String {
    "step-\(step.map(String.init) ?? "unknown")-\(digest.prefix(16)).yaml"
  }

  /// The file name of a rejection: one per path and appearance.
  static func rejection(path: String, fingerprint: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? "checkpoint"
    let hash = (path + "\0" + fingerprint).utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
      // FNV-1a: wrapping multiplication is its definition.
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    let digits = String(hash, radix: 16)
    let padding = String(repeating: "0", count: 16 - digits.count)
    return "rejected-\(harmless(name, limit: 80))-\(padding)\(digits).yaml"
  }

  var alerts: String { root + "/alerts" }
  func alert(_ id: String) -> String { alerts + "/\(id).yaml" }

  /// The identity of an alert: the same decision has the same one, also after a restart.
  static func alertIdentity(run: String, segment: Int, state: String, occurrence: Int) -> String {
    // A sign that no part of the name can hold: `a/b` and `a-b` are two runs.
    let name = [
      run.split(separator: "/").map { harmless(String($0), limit: 80) }.joined(separator: "~")
    ]
    let times = occurrence > 1 ? ["\(occurrence)"] : []
    let place = segment > 0 ? ["segment\(segment)"] : []
    return (name + [state] + times + place).joined(separator: "-")
  }

  /// ASCII letters, digits and a few signs stay; every other byte becomes `%XX`, as in a URL, so
  /// that different names stay different. A name that would be hidden or too long is changed too.
  private static func harmless(_ name: String, limit: Int) -> String {
    var text = ""
    for (position, byte) in name.utf8.enumerated() {
      let scalar = Unicode.Scalar(byte)
      let isPlain =
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "-", "_", "=", "+", ",", "@": true
        case ".": position > 0
        default: false
        }
      if isPlain {
        text.unicodeScalars.append(scalar)
      } else {
        text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    guard text.count > limit else { return text }
    let hash = name.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    return String(text.prefix(limit)) + "-" + String(hash, radix: 16)
  }
}
