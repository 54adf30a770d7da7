"""Folders of torch.distributed.checkpoint from two processes over gloo (torch 2.13): FSDP2, a tensor cut along its
second axis and along both, torchtitan's and Lightning's layouts (written with the same library as those do; neither
runs here without a GPU), and Megatron-LM's torch_dist as documented. Expected values are what the library itself
gathers from the folder again (dcp_to_torch_save)."""
import os
import shutil
import sys

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
import torch.multiprocessing as mp
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import Replicate, Shard, distribute_tensor

from facts import HERE, expect, train


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Linear(6, 5)
        self.norm = torch.nn.LayerNorm(5)
        self.b = torch.nn.Linear(5, 3)
        self.register_buffer("scale", torch.arange(3.0))

    def forward(self, x):
        return self.b(self.norm(self.a(x))) * self.scale


def run(rank, world):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29711", RANK=str(rank), WORLD_SIZE=str(world))
    dist.init_process_group("gloo")
    torch.manual_seed(5)
    mesh = init_device_mesh("cpu", (world,))
    net = Net()
    fully_shard(net, mesh=mesh)
    optimizer = train(net, torch.optim.AdamW(net.parameters(), lr=0.01, betas=(0.9, 0.95)), 3, lambda: torch.randn(4, 6))
    weights, state = get_state_dict(net, optimizer)
    dcp.save({"model": weights, "optimizer": state, "step": 3, "epoch": 2}, checkpoint_id="fsdp2")
    # torchtitan: the model's names at the top, the optimizer flattened, counters of the trainer.
    weights, state = get_state_dict(net, optimizer, options=StateDictOptions(flatten_optimizer_state_dict=True))
    dcp.save(
        {**weights, "optimizer": state, "train_state": {"step": torch.tensor(30, dtype=torch.int32)},
         "lr_scheduler": {"last_epoch": 30}},
        checkpoint_id="titan/step-30",
    )
    # Lightning: `model` and `optimizer_0`, then meta.pt by the first process.
    dcp.save({"model": weights, "optimizer_0": get_state_dict(net, optimizer)[1]}, checkpoint_id="epoch=3-step=40.ckpt")
    # Tensors cut otherwise, plain ones, and counters; no optimizer.
    two = init_device_mesh("cpu", (1, world))
    columns = distribute_tensor(torch.randn(5, 7), mesh, [Shard(1)])
    both = distribute_tensor(torch.randn(6, 4), two, [Shard(0), Shard(1)])
    middle = distribute_tensor(torch.randn(3, 4, 5), mesh, [Shard(1)])
    copied = distribute_tensor(torch.randn(4), mesh, [Replicate()])
    narrow = distribute_tensor(torch.randn(5, 3).bfloat16(), mesh, [Shard(0)])
    dcp.save(
        {"columns": columns, "both": both, "middle": middle, "copied": copied, "narrow": narrow,
         "one": distribute_tensor(torch.randn(1, 3), mesh, [Shard(0)]), "scalar": torch.tensor(2.5)},
        checkpoint_id="iter_7",
    )
    # Megatron-LM: names at the top, moments by kind and then name, common.pt for the rest.
    flat = {f"decoder.{n}": t for n, t in weights.items() if n != "scale"}
    for n, p in net.named_parameters():
        for key in ["exp_avg", "exp_avg_sq"]:
            flat[f"optimizer.state.{key}.decoder.{n}"] = optimizer.state[p][key]
    dcp.save(flat, checkpoint_id="megatron/iter_0000020")
    if rank == 0:
        torch.save(
            {"epoch": 3, "global_step": 40, "pytorch-lightning_version": "2.6.5", "callbacks": {}, "loops": {}},
            "epoch=3-step=40.ckpt/meta.pt",
        )
        torch.save({"iteration": 20, "checkpoint_version": 3.0, "args": {}}, "megatron/iter_0000020/common.pt")
        with open("megatron/iter_0000020/metadata.json", "w") as file:
            file.write('{"sharded_backend": "torch_dist", "sharded_backend_version": 1, "common_backend": "torch"}')
        with open("megatron/latest_checkpointed_iteration.txt", "w") as file:
            file.write("20")
    dist.barrier()
    dist.destroy_process_group()


def gathered(folder):
    dcp_to_torch_save(folder, "gathered.pt")
    state = torch.load("gathered.pt", weights_only=False)
    os.remove("gathered.pt")
    return state


def by_name(state, flat=False):
    if flat:
        names = [k[len("state.") : -len(".exp_avg_sq")] for k in state if k.endswith(".exp_avg_sq")]
        return {n: (state[f"state.{n}.exp_avg"], state[f"state.{n}.exp_avg_sq"]) for n in names}
    return {n: (s["exp_avg"], s["exp_avg_sq"]) for n, s in state["state"].items()}


if __name__ == "__main__":
    os.chdir(HERE)
    for old in ["fsdp2", "titan", "epoch=3-step=40.ckpt", "iter_7", "megatron"]:
        shutil.rmtree(old, ignore_errors=True)
    mp.spawn(run, args=(2,), nprocs=2)
    name = "torch-distributed"
    state = gathered("fsdp2")
    expect("fsdp2", state["model"], by_name(state["optimizer"]), format=name, dict="model", step=3, epoch=2,
           betas=[0.9, 0.95], lr=0.01, findings=[])
    state = gathered("titan/step-30")
    expect("titan/step-30", {n: t for n, t in state.items() if n not in ("optimizer", "train_state", "lr_scheduler")},
           by_name(state["optimizer"], flat=True), format=name, dict="", step=30, betas=[0.9, 0.95], lr=0.01, findings=[])
    state = gathered("epoch=3-step=40.ckpt")
    expect("epoch=3-step=40.ckpt", state["model"], by_name(state["optimizer_0"]), format=name, writer="lightning 2.6.5",
           dict="model", step=40, epoch=3, betas=[0.9, 0.95], lr=0.01, findings=[])
    expect("iter_7", gathered("iter_7"), format=name, dict="", step=7, findings=["no-moments"])
    state = gathered("megatron/iter_0000020")
    model = {n: t for n, t in state.items() if not n.startswith("optimizer.")}
    expect("megatron/iter_0000020", model,
           {n: (state[f"optimizer.state.exp_avg.{n}"], state[f"optimizer.state.exp_avg_sq.{n}"]) for n in model},
           format=name, writer="megatron-lm", dict="", step=20, findings=[])
