// Pickles opcode by opcode (Python's pickletools.py).

package enum Pickle {
  /// A whole pickle of protocol 2.
  package static func whole(_ opcodes: [UInt8]...) -> [UInt8] {
    [0x80, 2] + opcodes.flatMap { $0 } + code(".")
  }

  package static func code(_ text: String) -> [UInt8] { Array(text.utf8) }

  package static func text(_ text: String) -> [UInt8] {
    code("X") + little(UInt64(text.utf8.count), 4) + Array(text.utf8)
  }

  package static func int(_ value: Int64) -> [UInt8] {
    [0x8A, 8] + little(UInt64(bitPattern: value), 8)
  }

  package static func global(_ module: String, _ name: String) -> [UInt8] {
    code("c\(module)\n\(name)\n")
  }

  package static func tuple(_ values: [UInt8]...) -> [UInt8] { tuple(of: values) }

  package static func tuple(of values: [[UInt8]]) -> [UInt8] {
    code("(") + values.flatMap { $0 } + code("t")
  }

  package static func call(_ callee: [UInt8], _ arguments: [UInt8]) -> [UInt8] {
    callee + arguments + code("R")
  }

  package static func dictionary(_ entries: [(String, [UInt8])]) -> [UInt8] {
    code("}(") + entries.flatMap { text($0.0) + $0.1 } + code("u")
  }

  /// A tensor as torch pickles it.
  package static func tensor(
    key: String = "0", storage: String = "FloatStorage", count: Int64 = 4, offset: Int64 = 0,
    shape: [Int64] = [2, 2], strides: [Int64] = [2, 1]
  ) -> [UInt8] {
    let identifier = tuple(
      text("storage"), global("torch", storage), text(key), text("cpu"), int(count))
    return call(
      global("torch._utils", "_rebuild_tensor_v2"),
      tuple(
        identifier + code("Q"), int(offset), tuple(of: shape.map(int)), tuple(of: strides.map(int)),
        [0x89], call(global("collections", "OrderedDict"), code(")"))))
  }

  /// A module as `torch.nn.Module` pickles itself.
  package static func module(
    children: [(String, [UInt8])] = [], parameters: [(String, [UInt8])] = []
  ) -> [UInt8] {
    global("torch.nn", "Module") + code(")") + [0x81]
      + dictionary([
        ("_parameters", dictionary(parameters)), ("_buffers", code("}")),
        ("_modules", dictionary(children)),
      ]) + code("b")
  }

  /// Good weights with something beside them, under another key.
  package static func weights(beside value: [UInt8]) -> [UInt8] {
    whole(dictionary([("model", dictionary([("w", tensor())])), ("extra", value)]))
  }
}
