// Formats that we know and do not read: each is refused by name, with what to do instead.
internal import Diagnostics

enum UnsupportedFormat: CheckpointFormat {
  private struct Known: Sendable {
    let code: String
    let what: String
    let remedy: String
    let matches: @Sendable ([UInt8]) -> Bool
  }

  private static func begins(_ text: String, at offset: Int = 0) -> @Sendable ([UInt8]) -> Bool {
    { $0.dropFirst(offset).starts(with: text.utf8) }
  }

  private static let convert = "save the weights with torch.save or safetensors"

  private static let known: [Known] = [
    Known(
      code: "unsupported-lfs-pointer", what: "this is a Git LFS pointer, not the file itself",
      remedy: "fetch it with git lfs pull", matches: begins("version https://git-lfs")),
    Known(
      code: "unsupported-html", what: "this is a web page, probably an error message",
      remedy: "download the file again",
      matches: { head in
        let start = head.drop { $0 <= 0x20 }.prefix(15).map {
          $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0
        }
        return start.starts(with: "<!doctype html".utf8) || start.starts(with: "<html".utf8)
      }),
    Known(
      code: "unsupported-tar", what: "this is a tar archive, perhaps of a very old torch.save",
      remedy: "load it once and save it again with a current torch.save",
      matches: begins("ustar", at: 257)),
    Known(
      code: "unsupported-pickle", what: "this is a bare pickle", remedy: convert,
      // The length of a safetensors header can begin with the same bytes.
      matches: {
        $0.count >= 9 && $0[0] == 0x80 && $0[1] >= 2 && $0[1] <= 5 && !Safetensors.begins($0)
      }),
    Known(
      code: "unsupported-gzip", what: "this is compressed with gzip", remedy: "decompress it first",
      matches: { $0.starts(with: [0x1F, 0x8B]) }),
  ]

  static func recognises(_ source: CheckpointSource) -> Bool {
    guard case .file(_, let head) = source else { return false }
    return known.contains { $0.matches(head) }
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    guard case .file(let file, let head) = source,
      let kind = known.first(where: { $0.matches(head) })
    else { throw UnknownFormat.problem(source) }
    throw Problem(kind.code, at: file.path, kind.what, remedy: kind.remedy)
  }
}

/// What no format recognises.
enum UnknownFormat: CheckpointFormat {
  static func recognises(_ source: CheckpointSource) -> Bool { true }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    throw problem(source)
  }

  static func problem(_ source: CheckpointSource) -> Problem {
    switch source {
    case .folder(let path, _):
      return Problem(
        "unsupported-folder", at: path, "it holds no trainer_state.json and no model weights",
        remedy: "name a checkpoint file, or a folder that the Hugging Face Trainer wrote")
    case .file(let file, let head):
      // A few bytes, or zeros where the format's mark will be: not written yet.
      if file.size < 9 || head.allSatisfy({ $0 == 0 }) {
        return Problem(
          "incomplete-file", at: file.path, "its \(file.size) bytes tell no format yet",
          remedy: "wait until its writer has finished, or copy it again", kind: .tryAgain)
      }
      if file.path.hasSuffix(".onnx") {
        return Problem(
          "unsupported-onnx", at: file.path, "this is a graph, not a checkpoint",
          remedy: "use it as a probe's graph")
      }
      let name = file.path.split(separator: "/").last ?? ""
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      if parts.last?.hasPrefix("data-0") ?? false {
        return Problem(
          "unsupported-tensorflow", at: file.path, "this is a part of a TensorFlow checkpoint",
          remedy:
            "name its index: \(parts.dropLast().joined(separator: "."))\(TensorFlowBundle.suffix)")
      }
      return Problem(
        "unsupported-format", at: file.path, "its first bytes are those of no format that is read",
        remedy: "save the weights with torch.save or safetensors")
    }
  }
}
