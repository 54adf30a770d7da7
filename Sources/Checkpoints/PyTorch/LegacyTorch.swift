// The layout of `torch.save` before PyTorch 1.6, still written with
// `_use_new_zipfile_serialization=False` (torch/serialization.py): five pickles (a magic number, the
// protocol 1001, facts about the machine, what was saved, the keys of the storages), then for each
// key the number of elements as int64 and the elements, always little-endian.
internal import Diagnostics
internal import Tensors

enum LegacyTorch {
  /// The magic number 0x1950a86a20f9469cfc6c as protocols 2 and later pickle it, as far as it is there.
  static func begins(_ head: [UInt8]) -> Bool {
    guard head.count >= 4, head[0] == 0x80 else { return false }
    // Protocol 4 puts a frame of nine bytes before it.
    let start = head[2] == 0x95 ? 11 : 2
    let there = head.dropFirst(start).prefix(magic.count)
    return !there.isEmpty && magic.starts(with: there)
  }

  private static let magic: [UInt8] = [
    0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
  ]
  private static let protocolVersion = 1001

  /// Errors: `incomplete-legacy` (try again), `bad-pickle`, `pickle-limit`, `bad-legacy`,
  /// `tensor-bounds`, `trailing-bytes`.
  static func open(_ file: InputFile, index: Int) throws(Problem) -> TorchArchive {
    var reader = PickleSequence(file)
    _ = try reader.next()
    guard try reader.next().root.int == protocolVersion else {
      throw bad(file, "its protocol is not \(protocolVersion)")
    }
    guard try reader.next().root.entries != nil else {
      throw bad(file, "it does not describe the machine that wrote it")
    }
    let (root, globals) = try reader.next()
    let keys = try reader.next().root.elements
    guard let keys = keys?.compactMap(\.text), Set(keys).count == keys.count else {
      throw bad(file, "its list of storages is not one of keys")
    }
    let places = try places(of: keys, from: reader.offset, widths: try widths(root, file), file)
    return TorchArchive(
      file: file, zip: nil, root: root,
      foreignGlobals: globals.filter { !TorchNames.isFamiliar($0) }, fileIndex: index,
      storages: .list(places), isBigEndian: false)
  }

  private static func bad(_ file: InputFile, _ what: String) -> Problem {
    Problem(
      "bad-legacy", at: file.path, what,
      remedy: "save the checkpoint again; if it was not damaged, do not trust it")
  }

  /// Bytes of an element by storage key, as the first mention has it: that is what was counted.
  private static func widths(
    _ root: PickleValue, _ file: InputFile
  ) throws(Problem) -> [String: Int] {
    var widths: [String: Int] = [:]
    for node in root.graph.nodes {
      guard case .persistent(let index) = node else { continue }
      let id = PickleValue(graph: root.graph, index: index).elements ?? []
      guard id.count >= 5, id[0].text == "storage", let type = id[1].globalName,
        let key = id[2].text
      else { continue }
      guard id.count < 6 || id[5].isNone else {
        throw bad(file, "storage \(key) is a view of another, which only PyTorch before 0.4 wrote")
      }
      guard let width = TorchNames.storageWidth(type) else {
        throw bad(file, "the elements of \(type) have no known size")
      }
      if widths[key] == nil { widths[key] = width }
    }
    return widths
  }

  private static func places(
    of keys: [String], from start: Int, widths: [String: Int], _ file: InputFile
  ) throws(Problem) -> [String: TorchStorages.Place] {
    var places: [String: TorchStorages.Place] = [:]
    var offset = start
    for key in keys {
      guard let width = widths[key] else { throw bad(file, "nothing refers to storage \(key)") }
      guard file.size - offset >= 8 else { throw incomplete(file, "storage \(key) is not there") }
      guard let count = try file.bytes(at: offset, count: 8).size(at: 0, width: 8) else {
        throw bad(file, "storage \(key) has a negative number of elements")
      }
      offset += 8
      let (bytes, overflow) = count.multipliedReportingOverflow(by: width)
      guard !overflow else { throw bad(file, "storage \(key) has \(count) elements") }
      guard bytes <= file.size - offset else {
        throw incomplete(
          file, "storage \(key) needs \(bytes) bytes, and \(file.size - offset) are there")
      }
      places[key] = TorchStorages.Place(offset: offset, bytes: bytes)
      offset += bytes
    }
    guard offset == file.size else {
      throw Problem(
        "trailing-bytes", at: "\(file.path): byte \(offset)",
        "\(file.size - offset) bytes follow the last storage",
        remedy: "save the checkpoint again; if it was not damaged, do not trust it")
    }
    return places
  }

  fileprivate static func incomplete(_ file: InputFile, _ what: String) -> Problem {
    Problem(
      "incomplete-legacy", at: file.path, what,
      remedy: "wait until its writer has finished, or copy it again", kind: .tryAgain)
  }
}

/// Pickles one behind the other at the start of a file, each read without knowing its length.
private struct PickleSequence {
  private let file: InputFile
  /// Where the next one begins.
  private(set) var offset = 0

  init(_ file: InputFile) { self.file = file }

  mutating func next() throws(Problem) -> (root: PickleValue, globals: [String]) {
    let there = file.size - offset
    var count = min(there, 1 << 16)
    while true {
      let bytes = try file.bytes(at: offset, count: count)
      if let pickle = try PickleMachine.runFirst(bytes, path: file.path) {
        offset += pickle.bytes
        return (pickle.root, pickle.globals)
      }
      guard count < there else {
        throw LegacyTorch.incomplete(file, "the pickle at byte \(offset) does not end")
      }
      guard count < PickleMachine.mostBytes else {
        throw Problem(
          "pickle-limit", at: "\(file.path): byte \(offset)", "more than 256 MiB of pickle",
          remedy: "at most 256 MiB are read")
      }
      count = min(there, count * 4, PickleMachine.mostBytes)
    }
  }
}
