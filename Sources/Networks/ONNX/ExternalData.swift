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
        case .parameter, .frozen, .buffer: initializer.isFloatingPoint
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
    var graph = self
    for (name, values) in tables.sorted(by: { $0.key < $1.key }) {
      guard let tensor = constants[name] else { continue }
      guard values.count == tensor.shape.count * tensor.type.byteWidth else {
        throw Problem(
          "bad-external-data", at: "\(path): tensor \"\(name)\"",
          "\(values.count) bytes for shape \(tensor.shape)",
          remedy: "the file is damaged, export it again")
      }
      let start = graph.bytes.count
      graph.constants[name]?.storage = .raw(start..<(start + values.count))
      graph.bytes += values
    }
    for index in graph.initializers.indices where tables[graph.initializers[index].name] != nil {
      graph.initializers[index].hasValues = true
    }
    return graph
  }
}
