"""DeepSpeed 0.19.8 on two CPU processes over gloo (DS_ACCELERATOR=cpu, a C++ compiler and ninja for its own
collectives): ZeRO 0 to 3, two parameter groups, a frozen parameter, a buffer, bfloat16 weights; and a universal
checkpoint. Expected weights are what deepspeed/utils/zero_to_fp32.py reads back; expected moments are read from the
universal checkpoint that ds_to_universal makes of the same folder, or kept from the running optimizer."""
import glob
import os
import shutil
import subprocess
import sys

os.environ["DS_ACCELERATOR"] = "cpu"
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from facts import HERE, expect


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Linear(7, 5)
        self.norm = torch.nn.LayerNorm(5)
        self.frozen = torch.nn.Linear(5, 5, bias=False)
        self.b = torch.nn.Linear(5, 3)
        self.register_buffer("mean", torch.arange(3.0))

    def forward(self, x):
        return self.b(self.frozen(self.norm(self.a(x)))) + self.mean.to(x.dtype)


def run(rank, world, stage):
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world), MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(29620 + stage),
    )
    import deepspeed

    torch.manual_seed(2)
    net = Net()
    net.frozen.weight.requires_grad_(False)
    decayed = [p for p in net.parameters() if p.requires_grad and p.dim() >= 2]
    others = [p for p in net.parameters() if p.requires_grad and p.dim() < 2]
    config = {
        "train_micro_batch_size_per_gpu": 2, "gradient_accumulation_steps": 1, "gradient_clipping": 1.0,
        "optimizer": {"type": "AdamW", "params": {"lr": 1e-3, "betas": [0.9, 0.98], "torch_adam": True}},
        "zero_optimization": {"stage": stage}, "zero_allow_untested_optimizer": True,
    }
    if stage > 0:
        config["bf16"] = {"enabled": True}
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    engine = deepspeed.initialize(model=net, model_parameters=groups, config=config)[0]
    for _ in range(3):
        x = torch.randn(2, 7).to(torch.bfloat16 if stage > 0 else torch.float32)
        engine.backward(engine(x).float().square().sum())
        engine.step()
    engine.save_checkpoint(f"zero{stage}")
    dist.barrier()


def load(path):
    value = torch.load(path, weights_only=False)
    return value["param"] if isinstance(value, dict) else value


def universal(folder):
    subprocess.run(
        [sys.executable, "-m", "deepspeed.checkpoint.ds_to_universal", "--inject_missing_state", "--input_folder",
         folder, "--output_folder", folder + "_universal"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    moments = {}
    for name in sorted(os.listdir(f"{folder}_universal/zero")):
        place = f"{folder}_universal/zero/{name}"
        if os.path.exists(f"{place}/exp_avg_sq.pt"):
            moments[name] = (load(f"{place}/exp_avg.pt"), load(f"{place}/exp_avg_sq.pt"))
    return moments


if __name__ == "__main__":
    os.chdir(HERE)
    from deepspeed.utils.zero_to_fp32 import get_fp32_state_dict_from_zero_checkpoint as read

    for stage in [0, 1, 2, 3]:
        shutil.rmtree(f"zero{stage}", ignore_errors=True)
        mp.spawn(run, args=(2, stage), nprocs=2)
        for script in ["zero_to_fp32.py", "zero_to_torch.py"]:
            if os.path.exists(f"zero{stage}/{script}"):
                os.remove(f"zero{stage}/{script}")
        folder = f"zero{stage}/global_step3"
        common = dict(format="deepspeed", writer="deepspeed 0.19.8", dict="module", step=3, lr=1e-3, betas=[0.9, 0.98])
        if stage == 0:
            saved = torch.load(f"{folder}/mp_rank_00_model_states.pt", weights_only=False)
            names = [n for n, p in Net().named_parameters() if n != "frozen.weight"]
            order = [n for n in names if saved["module"][n].dim() >= 2] + [n for n in names if saved["module"][n].dim() < 2]
            state = saved["optimizer"]["state"]
            expect(folder, saved["module"], {n: (state[i]["exp_avg"], state[i]["exp_avg_sq"]) for i, n in enumerate(order)}, **common)
            continue
        weights = {n: t.contiguous() if hasattr(t, "contiguous") else t for n, t in read(f"zero{stage}").items()}
        # Stage 1 does not list frozen parameters: zero_to_fp32 loses them, the module has them.
        module = torch.load(sorted(glob.glob(f"{folder}/*mp_rank_00_model_states.pt"))[0], weights_only=False)["module"]
        weights |= {n: t for n, t in module.items() if n not in weights}
        moments = universal(folder)
        expect(folder, weights, moments, **common)
        if stage == 1:
            place = folder + "_universal"
            names = sorted(n for n in os.listdir(f"{place}/zero") if os.path.exists(f"{place}/zero/{n}/fp32.pt"))
            loaded = {n: load(f"{place}/zero/{n}/fp32.pt") for n in names}
            expect(place, loaded, moments, **{**common, "format": "deepspeed-universal", "dict": "zero"})
        else:
            shutil.rmtree(folder + "_universal")
    shutil.rmtree("zero1/latest_universal", ignore_errors=True)
