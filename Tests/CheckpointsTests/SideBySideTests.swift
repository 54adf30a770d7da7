// Networks that are saved side by side: an encoder and a decoder are one network, copies are not.
import Testing

@testable import Checkpoints

@Suite struct SideBySideTests {
  private func linear(_ shape: [Int], _ name: String = "weight") -> Pickled {
    .dict([
      (name, .tensor(count: 4, shape: shape, strides: [shape[1], 1])),
      ("bias", .tensor(count: 4, shape: [shape[0]], strides: [1])),
    ])
  }

  private func open(_ saved: Pickled) throws -> Checkpoint {
    let folder = try TemporaryFolder()
    return try Checkpoint.open(try folder.write(ZipBuilder.torch(saved).bytes, as: "x.pt"))
  }

  @Test func anEncoderAndItsDecoderAreOneNetwork() throws {
    let parts: [(String, Pickled)] = [("encoder", linear([1, 4])), ("decoder", linear([4, 1]))]
    let both = ["encoder.weight", "encoder.bias", "decoder.weight", "decoder.bias"]
    let checkpoint = try open(.dict(parts + [("epoch", .int(3))]))
    #expect(checkpoint.tensors.map(\.name) == both)
    #expect(checkpoint.stateDictPath == "")
    #expect(checkpoint.epoch == 3)
    // Nothing else tells a step.
    #expect(checkpoint.step == 3)
    #expect(checkpoint.stepSource == "epoch")
    #expect(
      checkpoint.findings.map(\.text) == ["the weights are taken from encoder, decoder together"])
    let nested = try open(.dict([("model", .dict(parts))]))
    #expect(nested.tensors.map(\.name) == both)
    #expect(nested.stateDictPath == "model")
  }

  @Test func copiesAndWhatIsNoModuleAreLeftOut() throws {
    let scores = Pickled.dict([("losses", .tensor(count: 4, shape: [4], strides: [1]))])
    let checkpoint = try open(
      .dict([
        ("net_g_ema", linear([1, 4])), ("net_g", linear([1, 4])), ("net_d", linear([2, 2])),
        ("history", scores),
      ]))
    #expect(
      checkpoint.tensors.map(\.name)
        == ["net_g.weight", "net_g.bias", "net_d.weight", "net_d.bias"])
    #expect(
      checkpoint.findings.map(\.text) == [
        "the weights are taken from net_g, net_d together; there are tensors in net_g_ema, history"
          + " too"
      ])
  }

  /// A key that trainers keep all weights under, or copies alone: one dictionary, as it is.
  @Test func oneNetworkKeepsItsNames() throws {
    let known = try open(.dict([("model", linear([2, 2])), ("critic", linear([1, 4]))]))
    #expect(known.stateDictPath == "model")
    #expect(known.tensors.map(\.name) == ["weight", "bias"])
    let twice = try open(.dict([("last", linear([2, 2])), ("best", linear([2, 2]))]))
    #expect(twice.stateDictPath == "last")
    #expect(twice.tensors.map(\.name) == ["weight", "bias"])
  }
}
