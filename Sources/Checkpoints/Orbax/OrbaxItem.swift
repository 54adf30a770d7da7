// One item of an Orbax checkpoint (orbax/checkpoint/_src/handlers): a tree of arrays, each of them a zarr
// array, in a database of TensorStore's or in a folder per array; `_METADATA` says what the tree is.
internal import Diagnostics
internal import Tensors

struct OrbaxItem {
  /// Arrays by the keys that lead to them.
  private(set) var leaves: [OptaxMoments.Leaf] = []
  private(set) var findings: [Finding] = []
  private(set) var files: OrbaxFiles

  private let path: String
  private let complaint: Complaint
  private static let largestDocument = 64 << 20
  private static let mostEntries = 4_000_000
  private static let deepest = 64

  /// Whether the names in a folder are those of an item.
  static func isItem(_ names: Set<String>) -> Bool {
    names.contains("manifest.ocdbt") || names.contains("_METADATA") || names.contains("_sharding")
      || names.contains { $0.hasPrefix("ocdbt.process_") }
  }

  /// Errors: `incomplete-orbax` (try again), `bit-rot`, `bad-orbax`, `unsupported-orbax`.
  init(_ path: String, _ names: Set<String>, _ files: OrbaxFiles) throws(Problem) {
    self.path = path
    self.files = files
    complaint = Complaint(format: "orbax", path: path)
    let metadata =
      names.contains("_METADATA") ? try Self.document("\(path)/_METADATA", &self.files) : nil
    let values: [String: StoredValue]
    if names.contains("manifest.ocdbt") {
      let database = try OCDBT.open(path, self.files, complaint)
      values = database.values
      self.files = database.files
    } else if names.contains(where: { $0.hasPrefix("ocdbt.process_") }) {
      throw complaint.incomplete("manifest.ocdbt is not there yet, which is written last")
    } else {
      values = try valuesInFolders(names)
    }
    let arrays = Self.byArray(values)
    if let tree = metadata?["tree_metadata"] {
      for (_, leaf) in tree.members { try take(leaf, arrays) }
    } else {
      for name in arrays.keys.sorted() {
        try take(name, name.split(separator: ".").map(String.init), arrays[name] ?? [:])
      }
    }
  }

  /// A JSON document that its writer has finished.
  static func document(_ path: String, _ files: inout OrbaxFiles) throws(Problem) -> JSONValue {
    let bytes = try files.open(path).wholeFile(limit: largestDocument)
    guard !JSONValue.isCut(bytes) else {
      throw Complaint(format: "orbax", path: path).incomplete("it ends before its object does")
    }
    return try JSONValue.parse(bytes, path: path)
  }

  /// The files of a folder per array, by their paths.
  private mutating func valuesInFolders(
    _ names: Set<String>
  ) throws(Problem) -> [String: StoredValue] {
    var values: [String: StoredValue] = [:]
    // A stack instead of recursion.
    var open: [(path: String, depth: Int)] = []
    func note(_ name: String, in folder: String, depth: Int) throws(Problem) {
      let full = folder.isEmpty ? name : "\(folder)/\(name)"
      guard values.count + open.count < Self.mostEntries, depth <= Self.deepest else {
        throw complaint.tooLarge("its folders hold too many files, or go too deep")
      }
      if try InputFile.isFolder("\(path)/\(full)") {
        open.append((full, depth))
      } else if !folder.isEmpty {
        let file = try files.open("\(path)/\(full)")
        values[full] = .span(file, offset: 0, count: file.size)
      }
    }
    for name in names.sorted() where name != "array_metadatas" {
      try note(name, in: "", depth: 0)
    }
    while let (folder, depth) = open.popLast() {
      for name in try Folder.names(in: "\(path)/\(folder)").sorted() {
        try note(name, in: folder, depth: depth + 1)
      }
    }
    return values
  }

  private static let descriptions = ["/.zarray", "/zarr.json"]

  /// Values by the name of their array, then by their own keys.
  private static func byArray(_ values: [String: StoredValue]) -> [String: [String: StoredValue]] {
    var arrays: [String: [String: StoredValue]] = [:]
    for (key, value) in values {
      guard let end = descriptions.first(where: key.hasSuffix) else { continue }
      arrays[String(key.dropLast(end.utf8.count)), default: [:]][String(end.dropFirst())] = value
    }
    for (key, value) in values {
      var at = key.startIndex
      while let slash = key[at...].firstIndex(of: "/") {
        let name = String(key[..<slash])
        let rest = String(key[key.index(after: slash)...])
        if arrays[name] != nil { arrays[name]?[rest] = value }
        at = key.index(after: slash)
      }
    }
    return arrays
  }

  /// One leaf of the tree that `_METADATA` describes.
  private mutating func take(
    _ leaf: JSONValue, _ arrays: [String: [String: StoredValue]]
  ) throws(Problem) {
    let keys = leaf["key_metadata"]?.elements.compactMap { $0["key"]?.text } ?? []
    let kind = leaf["value_metadata"]?["value_type"]?.text ?? ""
    guard keys.count == leaf["key_metadata"]?.elements.count, !keys.isEmpty else {
      throw complaint.bad("a leaf of its tree has no keys")
    }
    let name = keys.joined(separator: ".")
    guard let values = arrays[name] else {
      // Nothing is stored of empty parts of the tree, and of text elsewhere.
      guard kind == "jax.Array" || kind == "np.ndarray" || kind == "scalar" else { return }
      throw complaint.incomplete("array \"\(name)\" is missing")
    }
    try take(name, keys, values)
  }

  private mutating func take(
    _ name: String, _ keys: [String], _ values: [String: StoredValue]
  ) throws(Problem) {
    let (array, what) = try description(name, values)
    guard let array else {
      findings.append(
        Finding("unsupported-tensor", at: name, "it has \(what), and is left out"))
      return
    }
    guard let chunks = ZarrChunks(array, values: values, complaint) else {
      throw complaint.bad("array \"\(name)\" has chunks that do not fit its shape")
    }
    let stored = values.reduce(0) { $0 + $1.value.count }
    let declared = Shape(checking: array.shape.dimensions + [array.type.byteWidth])?.count ?? .max
    guard declared <= 4 << 30 || declared / 1_000 <= stored else {
      throw Problem(
        "expansion", at: "\(path): array \"\(name)\"",
        "\(declared) bytes are claimed, and \(stored) are stored",
        remedy: "do not trust this checkpoint")
    }
    // The order in which the values were met is roughly that of the files.
    let location = TensorLocation(
      file: 0, storageOffset: leaves.count, storageBytes: declared, firstElement: 0, strides: nil,
      isBigEndian: array.isBigEndian, record: nil)
    leaves.append(
      (
        keys,
        StoredTensor(
          name: name, shape: array.shape, type: array.type, location: location, encoding: chunks)
      ))
  }

  private func description(
    _ name: String, _ values: [String: StoredValue]
  ) throws(Problem) -> (array: ZarrArray?, what: String) {
    for (file, version) in [(".zarray", 2), ("zarr.json", 3)] {
      guard let value = values[file] else { continue }
      let bytes = try value.all(limit: 1 << 20, complaint)
      let place = "\(path): \(name)/\(file)"
      guard bytes.last(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "}")
      else { throw Complaint(format: "orbax", path: place).incomplete("it is not all there") }
      let json = try JSONValue.parse(bytes, path: place)
      return version == 2
        ? try ZarrArray.version2(json, name, complaint)
        : try ZarrArray.version3(json, name, complaint)
    }
    throw complaint.incomplete("array \"\(name)\" is not described yet")
  }
}
