// Values that a graph keeps in another file. Weights stay there unread: a checkpoint supplies them.
// Tables that no checkpoint holds (positions, masks, rotary angles) are taken in where the file exists.
public import Diagnostics
internal import Tensors

/// Where a tensor's values lie (TensorProto.external_data).
public struct ExternalData: Sendable {
  /// The file, relative to the graph's folder.
  public let location: String
  /// The first byte.
  public let offset: Int
  /// Bytes; nil when the file does not say.
  public let length: Int?

  init(_ entries: [String: String]) {
    location = entries["location"] ?? ""
    offset = entries["offset"].flatMap { Int($0) } ?? 0
    length = entries["length"].flatMap { Int($0) }
  }
}

extension Graph {
  /// Tables outside the file that a checkpoint does not supply, by name, with their sizes in bytes.
  public var externalTables: [(name: String, data: ExternalData, count: Int)] {
    initializers.compactMap { initializer in
      guard let tensor = constants[initializer.name], case .external(let data) = tensor.storage
      else { return nil }
      // A weight by its role, or by a module's name where the exporter does not tell.
      let isWeight =
        switch initializer.role {
        case .parameter, .buffer: initializer.isFloatingPoint
        case .table: false
        case .unstated: initializer.isFloatingPoint && initializer.name.contains(".")
        }
      let (count, overflow) = tensor.shape.count.multipliedReportingOverflow(
        by: tensor.type.byteWidth)
      return isWeight || overflow ? nil : (initializer.name, data, count)
    }
  }

  /// The graph with values for some of those tables.
  ///
  /// - Parameter tables: little-endian elements by name.
  /// - Throws: `bad-external-data` when a table has not the size that the graph states.
  public func including(_ tables: [String: [UInt8]]) throws(Problem) -> Graph {
    guard !tables.isEmpty else { return self }
    var constants = constants
    var bytes = bytes
    for (name, values) in tables.sorted(by: { $0.key < $1.key }) {
      guard var tensor = constants[name] else { continue }
      guard values.count == tensor.shape.count * tensor.type.byteWidth else {
        throw Problem(
          "bad-external-data", at: "\(path): tensor \"\(name)\"",
          "\(values.count) bytes for shape \(tensor.shape)",
          remedy: "the file is damaged, export it again")
      }
      tensor.storage = .raw(bytes.count..<(bytes.count + values.count))
      bytes += values
      constants[name] = tensor
    }
    return Graph(
      path: path, operatorSet: operatorSet,
      initializers: initializers.map { initializer in
        GraphInitializer(
          name: initializer.name, shape: initializer.shape,
          isFloatingPoint: initializer.isFloatingPoint,
          hasValues: initializer.hasValues || tables[initializer.name] != nil,
          role: initializer.role, foldedFrom: initializer.foldedFrom)
      },
      inputs: inputs, outputs: outputs, nodes: nodes, constants: constants, bytes: bytes,
      placeholders: placeholders)
  }
}
