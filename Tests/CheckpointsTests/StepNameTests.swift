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
      ("run_lr1e-4_final.pt", nil, nil),
      ("mnist_lr1e-3_epoch7.pt", nil, 7),
      ("wd5e-4_step100.pt", 100, nil),
      ("sst2-1e-5-step300.pt", 300, nil),
      ("multilingual-e5-large.pt", nil, nil),
      ("net_lr1e-4_100.pt", nil, nil),
      ("model_e5.pt", nil, 5),
      ("e10_s200.pt", 200, 10),
      ("iter5k.pt", 5_000, nil),
      ("step_2M.ckpt", 2_000_000, nil),
      ("step1e5.pt", nil, nil),
      ("step100v2.pt", nil, nil),
      ("20240101_100000.pt", nil, nil),
      ("ckpt_2024-01-05.pt", nil, nil),
      ("step_20240100.pt", 20_240_100, nil),
      ("model-00001-of-00002.pt", nil, nil),
      ("step99999999999999k.pt", 99_999_999_999_999_000, nil),
      ("step99999999999999999k.pt", nil, nil),
      ("epoch5k", nil, 5_000),
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
