// A computation graph as an ONNX file states it (onnx.proto3, ModelProto.graph): nodes in
// topological order, named arrays, inputs and outputs. Nothing here knows what an operator does.
public import Diagnostics
public import Tensors

/// A parsed ONNX graph. Weights stay where they are in the file's bytes until somebody asks.
public struct Graph: Sendable {
  /// Where the graph was read, for messages.
  public let path: String
  /// The version of the operator set without a domain.
  public let operatorSet: Int
  /// The arrays that the file names: weights, and tables that the exporter folded.
  public internal(set) var initializers: [GraphInitializer]
  /// What must be given: the inputs that are no initializers.
  public internal(set) var inputs: [GraphInput]
  /// Inputs that have a weight's value unless another is given.
  public internal(set) var defaults: [String]
  /// The names of the results.
  public let outputs: [String]
  /// The result that is the network's prediction: the first one of real numbers with two axes or
  /// more (a loss has none), unless another is chosen.
  public internal(set) var prediction: String

  var nodes: [Node]
  var constants: [String: StoredTensor]
  var bytes: [UInt8]
  /// PyTorch's names for a traced module's arrays → the names of the `state_dict`; empty where the
  /// exporter does not tell.
  var placeholders: [String: String] = [:]
  /// What the exported model held and its forward did not use, by the `state_dict`'s names, as make_probe says.
  public internal(set) var unread: Set<String> = []
}

extension Graph {
  /// The same graph with another of its results as the prediction.
  ///
  /// - Throws: `unknown-output` with the names that there are.
  public func predicting(_ output: String) throws(Problem) -> Graph {
    guard outputs.contains(output) else {
      throw Problem(
        "unknown-output", at: "\(path): output \"\(output)\"",
        "the graph's outputs are \(outputs.joined(separator: ", "))",
        remedy: "name one of them in probe.yaml")
    }
    var graph = self
    graph.prediction = output
    return graph
  }

  static func prediction(among outputs: [GraphInput]) -> String {
    let real = outputs.filter(\.isFloatingPoint)
    return (real.first { $0.dimensions.count > 1 } ?? real.first ?? outputs.first)?.name ?? ""
  }
}

/// An array that the graph names and that a checkpoint may supply.
public struct GraphInitializer: Sendable {
  /// The name, which PyTorch's exporter takes from the `state_dict`.
  public let name: String
  /// The extents.
  public let shape: Shape
  /// Whether it holds real numbers, and so may be trained.
  public let isFloatingPoint: Bool
  /// Whether the file itself holds values for it.
  public internal(set) var hasValues: Bool
  /// What it is in the network, as far as the exporter tells.
  public var role = Role.unstated
  /// The arrays that an optimising exporter made it of, as it lists them: `['wpe.weight', 'val_3']`.
  var foldedFrom: String?

  /// Whether the older exporter (`dynamo=False`) computed it from weights: it names such an array
  /// after the operator that reads it, `onnx::MatMul_142`.
  var isFoldedOperand: Bool { name.hasPrefix("onnx::") && shape.count > 1 }

  /// Whether training changes it, as far as anything tells.
  public var isTrained: Bool {
    switch role {
    case .unstated, .parameter: true
    case .frozen, .buffer, .table: false
    }
  }

  /// What an array is to the module that owns it.
  public enum Role: Sendable {
    case unstated
    /// Trained.
    case parameter
    /// Kept as it is by the training: probe.yaml says so, or else nothing does.
    case frozen
    /// Kept with the parameters, not trained.
    case buffer
    /// Computed by the module's constructor; no checkpoint holds it.
    case table
  }
}

/// An input of the graph.
public struct GraphInput: Sendable {
  /// The name, and the name of the batch's array for it.
  public let name: String
  /// The extents, examples first; nil where the graph leaves one open.
  public internal(set) var dimensions: [Int?]
  /// Whether it takes real numbers; otherwise indices or a mask.
  public let isFloatingPoint: Bool
  /// The axis on which the graph counts examples: 0, or 1 with the first two exchanged.
  var exampleAxis = 0
}

/// One operation of the graph.
struct Node: Sendable {
  let name: String
  let operation: String
  var domain = ""
  /// Tells functions of one name apart.
  var overload = ""
  /// Names of the inputs; an empty one is an optional input left out.
  var inputs: [String]
  var outputs: [String]
  var attributes: [String: Attribute] = [:]
  /// The line of PyTorch's traced program that it came from, where the exporter tells.
  var origin: String?
  /// The operator that messages and layers name: the graph's own, where this node is a part of it.
  var source: String?

  /// The operator as the graph calls it.
  var kind: String { source ?? operation }
}

/// The body of a control-flow operator. Its nodes also read names of the graph around it.
struct Subgraph: Sendable {
  var nodes: [Node]
  var constants: [String: StoredTensor]
  var inputs: [String]
  var outputs: [String]
}

/// A node's attribute (AttributeProto).
enum Attribute: Sendable {
  case float(Float)
  case integer(Int64)
  case text(String)
  case tensor(StoredTensor)
  case floats([Float])
  case integers([Int64])
  case texts([String])
  case graph(Subgraph)
  /// Inside a function: the attribute of that name of the node that calls it.
  case reference(String)
  /// A kind that no supported operator takes.
  case other
}

/// A TensorProto whose values are still bytes of the file.
struct StoredTensor: Sendable {
  enum Storage: Sendable {
    /// Little-endian elements in the file.
    case raw(Range<Int>)
    case integers([Int64])
    case floats([Float])
    case doubles([Double])
    /// In another file, which need not exist.
    case external(ExternalData)
  }

  let name: String
  let shape: Shape
  let type: ONNXType
  var storage: Storage
}

/// TensorProto.DataType, as far as values of it can be read.
enum ONNXType: Int, Sendable {
  case float = 1, uint8, int8, uint16, int16, int32, int64
  case bool = 9, float16, double, uint32, uint64
  case bfloat16 = 16

  var isFloatingPoint: Bool {
    switch self {
    case .float, .float16, .double, .bfloat16: true
    default: false
    }
  }

  var byteWidth: Int {
    switch self {
    case .double, .int64, .uint64: 8
    case .float, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .int8, .uint8, .bool: 1
    }
  }
}
