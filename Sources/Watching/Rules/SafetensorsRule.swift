// safetensors: the header must lie inside the file; the worker compares its tensors with the size.

enum SafetensorsRule: FileRule {
  static func claims(_ file: FileEnds, name: String) -> Bool { name.hasSuffix(".safetensors") }

  static func missing(_ file: FileEnds) -> String? {
    let start = file.read(at: 0, count: 8)
    guard start.count == 8 else {
      return "it has \(file.bytes) bytes, and the header length takes 8"
    }
    let length = FileEnds.littleEndian(start[...])
    // Longer headers are not allowed: that is for the worker to refuse, not for us to wait for.
    guard length <= 100_000_000 else { return nil }
    let end = Int64(length) + 8
    return end <= file.bytes ? nil : "the header ends at byte \(end), the file at \(file.bytes)"
  }
}
