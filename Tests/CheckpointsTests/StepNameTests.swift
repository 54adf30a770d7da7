// Steps and epochs from the names that trainers give.
import Testing

@testable import Checkpoints

@Suite struct StepNameTests {
  @Test(
    arguments: [
      ("runs/epoch=03-step=88.ckpt", 88, 3),
      ("step_400.safetensors", 400, nil),
      ("step400.pt", 400, nil),
      ("model-step-12-v1.ckpt", 12, nil),
      ("global_step1000/model.pt", 1_000, nil),
      ("iter_0001000/x.pt", 1_000, nil),
      ("out/checkpoint-300/model.safetensors", 300, nil),
      ("checkpoint-300", 300, nil),
      ("ep1-ba200-rank0.pt", 200, 1),
      ("epoch_004.pt", nil, 4),
      ("epoch4/step7.pt", 7, 4),
      ("last.ckpt", nil, nil),
      ("val_loss=0.12.ckpt", nil, nil),
      ("step=0.5.pt", nil, nil),
      ("resnet50.pt", nil, nil),
      ("step99999999999999999999.pt", nil, nil),
      ("step--5.pt", nil, nil),
      ("model_5.pt", 5, nil),
      ("Model-0012.safetensors", 12, nil),
      ("005.pt", 5, nil),
      ("ck_05.pt", 5, nil),
      ("weights.05-0.93.h5", 5, nil),
      ("300/model.safetensors", nil, nil),
      ("model.pt", nil, nil),
      ("model_v2.pt", nil, nil),
      ("resnet_50.pt", nil, nil),
      ("fold_1.pt", nil, nil),
      ("seed_3.pt", nil, nil),
      ("model_5x.pt", nil, nil),
      ("model_99999999999999999999.pt", nil, nil),
      ("", nil, nil),
    ] as [(String, Int?, Int?)]) func namesAsTrainersWriteThem(
      path: String, step: Int?, epoch: Int?
    )
  {
    let found = StepName.read(path)
    #expect(found.step == step)
    #expect(found.epoch == epoch)
  }
}
