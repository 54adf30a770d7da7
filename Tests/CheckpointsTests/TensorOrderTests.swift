// In which order a model's tensors are taken, whatever their container did.
import Foundation
import Testing

@testable import Checkpoints

@Suite struct TensorOrderTests {
  private func names(_ path: String) throws -> [String] {
    let checkpoint = try Checkpoint.open(path)
    return checkpoint.modelOrder.map { checkpoint.tensors[$0].name }
  }

  /// Three tensors of one type, as the writer sorts them.
  private func sorted(_ folder: TemporaryFolder, _ names: [String]) throws -> String {
    let entries = names.sorted().enumerated().map { index, name in
      "\"\(name)\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[\(4 * index),\(4 * index + 4)]}"
    }
    let header = "{\(entries.joined(separator: ","))}"
    return try folder.write(
      little(UInt64(header.utf8.count), 8) + Array(header.utf8)
        + [UInt8](repeating: 0, count: 4 * names.count), as: "model.safetensors")
  }

  @Test func numbersInSortedNamesAreNumbers() throws {
    let folder = try TemporaryFolder()
    let path = try sorted(folder, ["h.2.weight", "h.10.weight", "h.1.weight"])
    #expect(try names(path) == ["h.1.weight", "h.2.weight", "h.10.weight"])
    #expect(try !Checkpoint.open(path).isModelOrderKnown)
  }

  @Test func anArchitectureTellsItsOrder() throws {
    let path = Fixture.path("checkpoint-30")
    let order = try names(path)
    #expect(order.first == "transformer.wte.weight")
    #expect(order.last == "transformer.ln_f.bias")
    #expect(Set(order) == Set(try Checkpoint.open(path).tensors.map(\.name)))
    #expect(try Checkpoint.open(path).isModelOrderKnown)
    #expect(try names(Fixture.path("sharded")) == order)
  }

  @Test func aPickleKeepsItsOrder() throws {
    let checkpoint = try Checkpoint.open(Fixture.path("module.pt"))
    #expect(checkpoint.modelOrder == Array(checkpoint.tensors.indices))
    #expect(checkpoint.isModelOrderKnown)
  }
}
