// One archive that `torch.save` wrote (zip layout, PyTorch ≥ 1.6): its pickle as inert data, and
// tensors by the exact names that rebuild them (torch/_utils.py). reliability.md §1.7–1.9.
internal import Diagnostics
internal import Tensors

struct TorchArchive {
  let file: InputFile
  let zip: ZipArchive
  /// What was saved.
  let root: PickleValue
  /// Names that Python would have imported and that no plain checkpoint needs.
  let foreignGlobals: [String]
  private let fileIndex: Int
  private let prefix: String
  private let isBigEndian: Bool

  /// Reads directory and pickle. Errors: those of `ZipArchive` and `PickleMachine`,
  /// `incomplete-archive` (try again), `unsupported-torchscript`, `unsupported-zip`.
  static func open(_ file: InputFile, index: Int) throws(Problem) -> TorchArchive {
    let zip = try ZipArchive.open(file)
    guard let prefix = try prefix(of: zip, file), let pickle = zip.index(of: "\(prefix)/data.pkl")
    else { throw unsupported(zip, file) }
    if zip.index(of: "\(prefix)/constants.pkl") != nil {
      throw Problem(
        "unsupported-torchscript", at: file.path, "this is a TorchScript program",
        remedy: "save the module's state_dict() with torch.save")
    }
    guard zip.index(of: "\(prefix)/version") != nil else {
      throw incomplete(file, "\(prefix)/version")
    }
    if let record = zip.records.first(where: { $0.isDeflated }) {
      throw Problem(
        "ambiguous-zip", at: file.path,
        "record \(record.name) is compressed, which torch never does",
        remedy: "save the checkpoint again with torch.save")
    }
    var isBigEndian = false
    if let order = zip.index(of: "\(prefix)/byteorder") {
      let record = zip.records[order]
      let text = try file.bytes(at: record.dataOffset, count: min(record.bytes, 16))
      guard text == Array("little".utf8) || text == Array("big".utf8) else {
        throw Problem(
          "bad-byteorder", at: "\(file.path): record \(record.name)",
          "it says neither little nor big", remedy: "save the checkpoint again")
      }
      isBigEndian = text == Array("big".utf8)
    }
    let record = zip.records[pickle]
    guard record.bytes <= PickleMachine.mostBytes else {
      throw Problem(
        "pickle-limit", at: "\(file.path): record \(record.name)",
        "\(record.bytes) bytes of pickle", remedy: "at most 256 MiB are read")
    }
    let bytes = try file.bytes(at: record.dataOffset, count: record.bytes)
    let (root, globals) = try PickleMachine.run(bytes, path: "\(file.path): record \(record.name)")
    return TorchArchive(
      file: file, zip: zip, root: root,
      foreignGlobals: globals.filter { !TorchNames.isFamiliar($0) }, fileIndex: index,
      prefix: prefix, isBigEndian: isBigEndian)
  }

  /// The folder that all records share; nil when they do not.
  private static func prefix(of zip: ZipArchive, _ file: InputFile) throws(Problem) -> String? {
    guard let first = zip.records.first, let slash = first.name.firstIndex(of: "/") else {
      return nil
    }
    let prefix = String(first.name[..<slash])
    let start = Array("\(prefix)/".utf8)
    return zip.records.allSatisfy { $0.name.utf8.starts(with: start) } ? prefix : nil
  }

  private static func incomplete(_ file: InputFile, _ record: String) -> Problem {
    Problem(
      "incomplete-archive", at: file.path, "record \(record) is missing",
      remedy: "wait until its writer has finished; a save that failed midway must be repeated",
      kind: .tryAgain)
  }

  private static func unsupported(_ zip: ZipArchive, _ file: InputFile) -> Problem {
    if zip.index(of: "model.weights.h5") != nil {
      return Problem(
        "unsupported-keras", at: file.path, "this is a Keras archive",
        remedy: "convert it to safetensors")
    }
    if zip.records.allSatisfy({ $0.name.hasSuffix(".npy") }), !zip.records.isEmpty {
      return Problem(
        "unsupported-npz", at: file.path, "this is a NumPy archive",
        remedy: "use it as a probe's batch, or save the weights with torch or safetensors")
    }
    return Problem(
      "unsupported-zip", at: file.path, "this archive is not one of torch.save's",
      remedy: "save the checkpoint with torch.save or safetensors")
  }

  /// One finding per foreign name, at most 20.
  var findings: [Finding] {
    var findings = foreignGlobals.prefix(20).map {
      Finding(
        "foreign-global", at: file.path,
        "the pickle mentions \($0); nothing of it was imported or called")
    }
    if foreignGlobals.count > 20 {
      findings.append(
        Finding(
          "foreign-global", at: file.path,
          "the pickle mentions \(foreignGlobals.count - 20) more names"))
    }
    return findings
  }
}

/// What a pickled value is, seen as a tensor.
enum TensorReading {
  case tensor(StoredTensor)
  /// A tensor of a kind that we do not read, and which.
  case unsupported(String)
  case notATensor
}

extension TorchArchive {
  /// Recognises a tensor and checks that it lies in its storage. Errors: `tensor-bounds`,
  /// `incomplete-archive`.
  func tensor(_ value: PickleValue, name: String) throws(Problem) -> TensorReading {
    guard let (callee, arguments) = value.call, var function = callee.globalName else {
      return .notATensor
    }
    var parts = arguments
    // Wrappers (parameters, subclasses) hold the call that makes the data; they do not nest deep.
    for _ in 0..<8 {
      switch function {
      case "torch._utils _rebuild_parameter", "torch._utils _rebuild_parameter_with_state":
        guard let inner = parts.first?.call, let name = inner.callee.globalName else {
          return .unsupported("a parameter without data")
        }
        (function, parts) = (name, inner.arguments)
      case "torch._tensor _rebuild_from_type_v2", "torch._tensor _rebuild_from_type":
        guard parts.count >= 3, let name = parts[0].globalName, let inner = parts[2].elements else {
          return .unsupported("a tensor subclass without data")
        }
        (function, parts) = (name, inner)
      case "torch._utils _rebuild_tensor", "torch._utils _rebuild_tensor_v2":
        return try strided(parts, type: nil, name: name)
      case "torch._utils _rebuild_tensor_v3":
        guard parts.count >= 7 else { return .unsupported("a tensor without a type") }
        return try strided(parts, type: parts[6].globalName, name: name)
      default:
        return function.hasPrefix("torch._utils _rebuild_")
          ? .unsupported("it is made by \(function)") : .notATensor
      }
    }
    return .unsupported("its wrappers nest too deep")
  }

  /// Whether the value is a tensor of any kind, told without looking at its storage.
  func isTensor(_ value: PickleValue) -> Bool {
    guard let name = value.call?.callee.globalName else { return false }
    return name.hasPrefix("torch._utils _rebuild_")
      || name.hasPrefix("torch._tensor _rebuild_from_type")
  }

  private func bounds(_ name: String, _ what: String) -> Problem {
    Problem(
      "tensor-bounds", at: "\(file.path): tensor \"\(name)\"", what,
      remedy: "save the checkpoint again; if it was not damaged, do not trust it")
  }

  /// (storage, storage_offset, size, stride, …); `type` overrides an untyped storage's.
  private func strided(
    _ parts: [PickleValue], type dtype: String?, name: String
  ) throws(Problem) -> TensorReading {
    guard parts.count >= 4, let firstElement = parts[1].int, let extents = sizes(parts[2]),
      let strides = sizes(parts[3]), let id = parts[0].persistentID?.elements, id.count >= 5,
      id[0].text == "storage", let storageType = id[1].globalName, let key = id[2].text,
      let storageCount = id[4].int
    else { throw bounds(name, "its description is not one that torch writes") }
    let storageName = "\(prefix)/data/\(key)"
    guard let recordIndex = zip.index(of: storageName) else {
      throw Self.incomplete(file, storageName)
    }
    let record = zip.records[recordIndex]
    let typeName = dtype ?? storageType
    guard let type = TorchNames.elementType(typeName) else {
      return .unsupported("its type \(typeName) is not read")
    }
    // An untyped storage counts bytes.
    let width = dtype == nil ? type.byteWidth : TorchNames.elementType(storageType)?.byteWidth ?? 1
    let (claimed, overflow) = storageCount.multipliedReportingOverflow(by: width)
    guard !overflow, claimed == record.bytes else {
      throw bounds(
        name,
        "its storage claims \(storageCount) × \(width) bytes, and the record has \(record.bytes)")
    }
    guard let shape = Shape(checking: extents) else {
      throw bounds(name, "its shape \(extents) has too many elements")
    }
    let location = TensorLocation.checking(
      file: fileIndex, storageOffset: record.dataOffset, storageBytes: record.bytes,
      firstElement: firstElement, strides: strides, shape: shape, type: type,
      isBigEndian: isBigEndian, record: recordIndex)
    guard let location else {
      throw bounds(
        name, "shape \(shape), strides \(strides) and offset \(firstElement) leave its storage")
    }
    return .tensor(StoredTensor(name: name, shape: shape, type: type, location: location))
  }

  private func sizes(_ value: PickleValue) -> [Int]? {
    guard let elements = value.elements else { return nil }
    let sizes = elements.compactMap(\.int)
    return sizes.count == elements.count ? sizes : nil
  }

  /// A number that was saved as such, as a tensor of one element, or as a NumPy scalar.
  func number(_ value: PickleValue) throws(Problem) -> Double? {
    if let number = value.double { return number }
    if let number = NumPyScalar.value(value) { return number }
    guard case .tensor(let tensor) = try tensor(value, name: "scalar"), tensor.shape.count == 1
    else { return nil }
    let summary = try tensor.summary(in: file)
    return summary.nanCount + summary.infiniteCount == 0 ? summary.sum : nil
  }

  /// A non-negative whole number.
  func count(_ value: PickleValue) throws(Problem) -> Int? {
    guard let number = try number(value), number >= 0, number < 0x1p53, number.rounded() == number
    else { return nil }
    return Int(number)
  }
}
