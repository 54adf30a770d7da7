// Tensors of an archive, recognised by the exact names of the functions that rebuild them.
internal import Diagnostics
internal import Tensors

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
        if parts.count >= 2, let type = parts[1].globalName, TorchNames.isPiece(type) {
          throw Problem(
            "unsupported-pieces", at: "\(file.path): tensor \"\(name)\"",
            "it is what one process holds of a tensor that several share (\(type))",
            remedy:
              "save with torch.distributed.checkpoint, or gather the whole state dictionary first")
        }
        guard parts.count >= 3, let name = parts[0].globalName, let inner = parts[2].elements else {
          return .unsupported("a tensor subclass without data")
        }
        (function, parts) = (name, inner)
      case "torch._utils _rebuild_tensor", "torch._utils _rebuild_tensor_v2":
        if let view = lazyView(parts.dropFirst(6).first) { return .unsupported(view) }
        return try strided(parts, type: nil, name: name)
      case "torch._utils _rebuild_tensor_v3":
        guard parts.count >= 7 else { return .unsupported("a tensor without a type") }
        if let view = lazyView(parts.dropFirst(7).first) { return .unsupported(view) }
        return try strided(parts, type: parts[6].globalName, name: name)
      default:
        return function.hasPrefix("torch._utils _rebuild_")
          ? .unsupported("it is made by \(function)") : .notATensor
      }
    }
    return .unsupported("its wrappers nest too deep")
  }

  /// What a tensor's metadata says of elements that are not as they lie in the storage; nil where they are.
  private func lazyView(_ metadata: PickleValue?) -> String? {
    if metadata?["neg"] != nil {
      return "its sign is a bit beside it, not in its elements: save tensor.resolve_neg()"
    }
    if metadata?["conj"] != nil {
      return "its conjugation is a bit beside it, not in its elements: save tensor.resolve_conj()"
    }
    return nil
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
    let place = try storages.place(of: key, in: file)
    let typeName = dtype ?? storageType
    guard let type = TorchNames.elementType(typeName) else {
      return .unsupported("its type \(typeName) is not read")
    }
    // An untyped storage counts bytes.
    let width = TorchNames.storageWidth(storageType) ?? 1
    let (claimed, overflow) = storageCount.multipliedReportingOverflow(by: width)
    guard !overflow, claimed == place.bytes else {
      throw bounds(
        name,
        "its storage claims \(storageCount) × \(width) bytes, and the record has \(place.bytes)")
    }
    guard let shape = Shape(checking: extents) else {
      throw bounds(name, "its shape \(extents) has too many elements")
    }
    let location = TensorLocation.checking(
      file: fileIndex, storageOffset: place.offset, storageBytes: place.bytes,
      firstElement: firstElement, strides: strides, shape: shape, type: type,
      isBigEndian: isBigEndian, record: place.record)
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
    let summary = try tensor.summary(in: { _ in file })
    return summary.nanCount + summary.infiniteCount == 0 ? summary.sum : nil
  }

  /// A non-negative whole number.
  func count(_ value: PickleValue) throws(Problem) -> Int? {
    guard let number = try number(value), number >= 0, number < 0x1p53, number.rounded() == number
    else { return nil }
    return Int(number)
  }
}
