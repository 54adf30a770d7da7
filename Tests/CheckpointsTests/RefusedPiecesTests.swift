// What single processes leave of tensors that several share is refused in one line, whole folders and single
// files alike (Fixtures/torch-frameworks/generate_layouts.py).
import Diagnostics
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct RefusedPiecesTests {
  private func refusal(_ name: String) -> String {
    let path = Fixture.path("torch-frameworks/\(name)")
    do throws(Problem) {
      _ = try Checkpoint.open(path)
      return "accepted"
    } catch {
      return error.description.replacing(path, with: "PATH")
    }
  }

  @Test func aPickledPieceOfADistributedTensor() {
    #expect(
      refusal("piece_of_rank_0.pt")
        == "unsupported-pieces: PATH: tensor \"w\": it is what one process holds of a tensor that"
        + " several share (torch.distributed.tensor DTensor); save with"
        + " torch.distributed.checkpoint, or gather the whole state dictionary first")
  }

  @Test(arguments: ["pieces", "pieces/shard-00001-model-00001-of-00001.safetensors"])
  func shardsThatWereNotConsolidated(name: String) {
    #expect(
      refusal(name)
        == "unsupported-pieces: PATH: it holds pieces of tensors by process, and nothing says"
        + " whether all are there; put them together with torch's consolidate_safetensors_files")
  }

  @Test func piecesAsSafetensors() {
    #expect(
      refusal("safetensors_pieces")
        == "unsupported-pieces: PATH/__0_0.distcp: its pieces are stored as safetensors; save with"
        + " SerializationFormat.TORCH_SAVE, which is the default")
  }
}
