// How Megatron-LM cuts a model: layers among pipeline stages, matrices among tensor-parallel ranks by
// rows or by columns, all else the same on every rank (megatron/core/tensor_parallel/layers.py). A name
// that is not known here is refused: a guess could put a matrix together in a wrong order.
internal import Diagnostics
internal import Tensors

struct MegatronMerge {
  private enum Cut {
    /// Along the first axis, or the second.
    case rows
    case columns
    case none
  }

  private struct Part {
    let tensor: StoredTensor
    let rank: Int
  }

  private let path: String
  private var order: [String] = []
  private var parts: [String: [Part]] = [:]
  /// Layers in earlier pipeline stages, and those seen in the one under way.
  private var layersBefore = 0
  private var stage = 0
  private var layersHere = 0
  private var ranks = 1

  init(path: String) { self.path = path }

  /// Adds the tensors of one rank; ranks come stage by stage.
  mutating func take(
    _ part: Checkpoint, tensor rank: Int, pipeline: Int, firstFile: Int
  ) throws(Problem) {
    if pipeline != stage {
      (stage, layersBefore, layersHere) = (pipeline, layersBefore + layersHere, 0)
    }
    ranks = max(ranks, rank + 1)
    for tensor in part.tensors {
      let (name, layer) = renumbered(tensor.name)
      layersHere = max(layersHere, layer.map { $0 + 1 } ?? 0)
      guard tensor.assembly == nil, tensor.encoding == nil, !tensor.isComputed else {
        throw Megatron.unsupported("\"\(tensor.name)\" lies in pieces already", path)
      }
      var location = tensor.location
      location.file += firstFile
      let moved = StoredTensor(
        name: name, shape: tensor.shape, type: tensor.type, location: location)
      if parts[name] == nil { order.append(name) }
      // The last stage has a copy of tied embeddings.
      if parts[name]?.contains(where: { $0.rank == rank }) ?? false { continue }
      parts[name, default: []].append(Part(tensor: moved, rank: rank))
    }
  }

  /// Stages count their layers from 0 each: `layers.3.` of the second is a later one of the model.
  private func renumbered(_ name: String) -> (name: String, layer: Int?) {
    var words = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let place = words.firstIndex(of: "layers"), place + 1 < words.count,
      let layer = Int(words[place + 1]), layer >= 0, layer < 1 << 20
    else { return (name, nil) }
    words[place + 1] = "\(layer + layersBefore)"
    return (words.joined(separator: "."), layer)
  }

  /// The model's tensors. Errors: `unsupported-model-parallel`.
  func tensors() throws(Problem) -> [StoredTensor] {
    var tensors: [StoredTensor] = []
    for name in order {
      guard let own = parts[name]?.sorted(by: { $0.rank < $1.rank }), let first = own.first else {
        continue
      }
      guard ranks > 1 else {
        tensors.append(first.tensor)
        continue
      }
      guard let cut = Self.cut(name, first.tensor.shape) else {
        throw Megatron.unsupported("how \"\(name)\" is cut among \(ranks) ranks is not known", path)
      }
      guard own.count == ranks, own.allSatisfy({ $0.tensor.type == first.tensor.type }) else {
        throw Megatron.unsupported("\"\(name)\" is not on every rank", path)
      }
      switch cut {
      case .none:
        guard own.allSatisfy({ $0.tensor.shape == first.tensor.shape }) else {
          throw Megatron.unsupported("\"\(name)\" differs from rank to rank", path)
        }
        tensors.append(first.tensor)
      case .rows:
        tensors.append(
          try isGated(name, first) ? joinedHalves(own, name) : joined(own, name, axis: 0))
      case .columns: tensors.append(try joined(own, name, axis: 1))
      }
    }
    return tensors
  }

  /// Whether a matrix holds gate and value of a gated unit, one above the other: it has twice the rows
  /// that the matrix behind it has columns.
  private func isGated(_ name: String, _ part: Part) -> Bool {
    for (own, next) in [("linear_fc1", "linear_fc2"), ("dense_h_to_4h", "dense_4h_to_h")] {
      guard let range = Self.range(of: ".\(own).", in: name) else { continue }
      let other = "\(name[..<range.lowerBound]).\(next).weight"
      guard let behind = parts[other]?.first?.tensor.shape.dimensions, behind.count == 2,
        let rows = part.tensor.shape.dimensions.first
      else { return false }
      return rows == 2 * behind[1]
    }
    return false
  }

  private static func range(of text: String, in name: String) -> Range<String.Index>? {
    var start = name.startIndex
    while start < name.endIndex {
      if name[start...].hasPrefix(text) {
        return start..<name.index(start, offsetBy: text.count)
      }
      start = name.index(after: start)
    }
    return nil
  }

  /// Every rank has its part of the gate above its part of the value.
  private func joinedHalves(_ parts: [Part], _ name: String) throws(Problem) -> StoredTensor {
    var halves: [Part] = []
    for half in 0..<2 {
      for part in parts {
        var extents = part.tensor.shape.dimensions
        extents[0] /= 2
        let shape = Shape(extents)
        var location = part.tensor.location
        guard location.strides == nil else {
          throw Megatron.unsupported("\"\(name)\" is not stored row by row", path)
        }
        location.firstElement += half * shape.count
        halves.append(
          Part(
            tensor: StoredTensor(
              name: name, shape: shape, type: part.tensor.type, location: location),
            rank: part.rank))
      }
    }
    return try joined(halves, name, axis: 0)
  }

  private func joined(_ parts: [Part], _ name: String, axis: Int) throws(Problem) -> StoredTensor {
    var start = 0
    var pieces: [TensorPiece] = []
    for part in parts {
      var origin = part.tensor.shape.dimensions.map { _ in 0 }
      origin[axis] = start
      start += part.tensor.shape.dimensions[axis]
      pieces.append(
        TensorPiece(
          origin: origin, extents: part.tensor.shape.dimensions, location: part.tensor.location))
    }
    var extents = parts[0].tensor.shape.dimensions
    extents[axis] = start
    guard let shape = Shape(checking: extents),
      let assembly = TensorAssembly(extents: extents, pieces: pieces)
    else { throw Megatron.unsupported("the parts of \"\(name)\" do not fit together", path) }
    return StoredTensor(
      name: name, shape: shape, type: parts[0].tensor.type, assembly: assembly)
  }

  /// Modules whose output is divided among ranks, and those whose input is.
  private static let divideOutput: Set<String> = [
    "word_embeddings", "output_layer", "lm_head", "linear_qkv", "linear_q", "linear_kv",
    "query_key_value", "key_value", "query", "dense_h_to_4h", "linear_fc1",
  ]
  private static let divideInput: Set<String> = [
    "linear_proj", "linear_fc2", "dense_4h_to_h", "dense",
  ]
  private static let whole: Set<String> = ["position_embeddings", "router", "tokentype_embeddings"]

  private static func cut(_ name: String, _ shape: Shape) -> Cut? {
    let words = name.split(separator: ".").map(String.init)
    guard let leaf = words.last, words.count >= 2 else { return nil }
    let module = words[words.count - 2]
    // A normalisation fused into the matrix behind it keeps its own parameters whole.
    if leaf.hasPrefix("layer_norm_") || module.contains("norm") { return Cut.none }
    guard leaf == "weight" || leaf == "bias" else { return nil }
    if divideOutput.contains(module) { return shape.rank >= 1 ? .rows : nil }
    if divideInput.contains(module) {
      return leaf == "bias" ? Cut.none : shape.rank == 2 ? .columns : nil
    }
    return whole.contains(module) ? Cut.none : nil
  }
}
