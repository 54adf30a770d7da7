import Testing

@testable import Watching

@Suite struct CheckpointNamesTests {
  @Test(arguments: [
    "epoch_004.pt", "model.pth", "epoch=03-step=88.ckpt", "model.safetensors", "last.pth.tar",
    "checkpoint-3.pt.tar", "pytorch_model.bin", "yes.pt", "a b.ckpt", "-rf.pt", "$(x).pt",
  ])
  func checkpoints(name: String) { #expect(CheckpointNames.isFile(name)) }

  @Test(arguments: [
    "optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt", "rng_state.pth",
    "rng_state_3.pth", "training_args.bin", "random_states_0.pkl",
    "model-00001-of-00003.safetensors",
    "pytorch_model-00001-of-00002.bin", "vocab.bin", "graph.onnx", "batch.npz", ".pt", "pt",
    ".hidden.pt", "a.pt.tmp", "a.pt.part", "a.pt.partial", "a.pt.incomplete", ".tmpAb12.pt",
    "a.pt.swp", ".nfs0001.pt", "tmp-checkpoint-3.pt", "archive.tar",
  ])
  func others(name: String) { #expect(!CheckpointNames.isFile(name)) }

  @Test(
    arguments: [
      ("epoch=03-step=88.ckpt", 88), ("epoch_004.pt", 4), ("checkpoint-300", 300),
      ("step_12-epoch_3.pt", 12), ("global_step40", 40), ("model-v2.safetensors", 2),
      ("ep1-ba20-rank0.pt", 0), ("last.pth.tar", nil), ("model.pt", nil),
      ("99999999999999999999999.pt", nil),
    ] as [(String, UInt64?)])
  func steps(name: String, step: UInt64?) {
    #expect(CheckpointNames.step(inName: name) == step)
  }

  @Test func averagesSayThatTheyAre() {
    #expect(
      ["ema_300.pt", "model_ema_3.pth", "step-3-EMA.ckpt"].allSatisfy(CheckpointNames.isAverage))
    #expect(!["schema_3.pt", "model_3.pt", "last.pt"].contains(where: CheckpointNames.isAverage))
  }

  @Test(arguments: [
    ("netG_epoch_12.pth", "netG_epoch_"), ("300_net_G.pth", "_net_G"), ("300.pt", ""),
    ("epoch=03-step=88.ckpt", "epoch=-step="), ("epoch=03-step=88-v1.ckpt", "epoch=-step="),
    ("model.weights.h5", "model"), ("checkpoint-300", "checkpoint-"), ("last.ckpt", "last"),
  ])
  func families(name: String, family: String) {
    #expect(CheckpointNames.family(ofName: name) == family)
  }

  @Test(arguments: [
    ("checkpoint-300", true), ("step_3", true), ("300", true), ("epoch3", true),
    ("checkpoint", false), ("run1", false), ("checkpoint-final", false),
  ])
  func numberedFolders(name: String, isNumbered: Bool) {
    #expect(CheckpointNames.isNumberedFolder(name) == isNumbered)
  }
}
