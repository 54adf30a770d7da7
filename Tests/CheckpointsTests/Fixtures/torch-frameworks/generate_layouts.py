"""Layouts of torch.distributed.checkpoint (an application's own dictionary, an optimizer's flattened state among
the weights), what single processes leave of shared tensors, mmengine's counters, transformers' Adafactor and an
adapter of an embedding. Run with torch 2.13, transformers 5.24 and peft 0.21; mmengine does not install beside
this torch: its file is written as mmengine/runner/runner.py lays it out."""
import os
import shutil

import peft
import safetensors.torch
import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.filesystem import SerializationFormat
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageWriter
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import Shard, distribute_tensor
from transformers.optimization import Adafactor

from facts import HERE, Small, expect, moments_of, norm, train

os.chdir(HERE)
for old in ["application", "flattened", "pieces", "safetensors_pieces", "adapter_embedding"]:
    shutil.rmtree(old, ignore_errors=True)
torch.manual_seed(8)

model = Small()
optimizer = train(model, torch.optim.AdamW(model.parameters(), lr=0.01, betas=(0.9, 0.95)))
weights, state = get_state_dict(model, optimizer)
dcp.save({"app": {"model": weights, "optim": state}}, checkpoint_id="application", no_dist=True)
expect(
    "application", model.state_dict(), moments_of(model, optimizer), format="torch-distributed", dict="app.model",
    step=3, lr=0.01, betas=[0.9, 0.95], findings=[],
)
weights, state = get_state_dict(model, optimizer, options=StateDictOptions(flatten_optimizer_state_dict=True))
dcp.save({**weights, **state, "train_state": {"step": torch.tensor(33)}}, checkpoint_id="flattened", no_dist=True)
expect(
    "flattened", model.state_dict(), moments_of(model, optimizer), format="torch-distributed", dict="",
    step=33, lr=0.01, betas=[0.9, 0.95], findings=[],
)
torch.save(
    {
        "meta": {"epoch": 2, "iter": 340, "mmengine_version": "0.10.7"}, "state_dict": model.state_dict(),
        "optimizer": optimizer.state_dict(), "param_schedulers": [],
    },
    "mmengine.pth",
)
expect(
    "mmengine.pth", model.state_dict(), moments_of(model, optimizer), format="pytorch-zip", writer="mmengine 0.10.7",
    dict="state_dict", step=340, epoch=2, lr=0.01, betas=[0.9, 0.95], findings=[],
)

# Adafactor keeps sums of rows and columns of matrices, and whole moments of vectors only.
model = Small()
optimizer = train(model, Adafactor(model.parameters(), lr=0.01, relative_step=False, scale_parameter=False))
torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, "adafactor.pt")
expect("adafactor.pt", model.state_dict(), format="pytorch-zip", dict="model", step=3, lr=0.01, findings=["no-moments"])

# The change of an embedding is the transposed product of its factors.
base = torch.nn.Sequential()
base.embed = torch.nn.Embedding(9, 6)
base.fc = torch.nn.Linear(6, 5)
config = peft.LoraConfig(r=2, lora_alpha=6, target_modules=["embed", "fc"], init_lora_weights=False)
adapted = peft.get_peft_model(base, config)
adapted.save_pretrained("adapter_embedding", save_embedding_layers=False)
os.remove("adapter_embedding/README.md")
layers = {n: getattr(adapted.base_model.model, n).get_delta_weight("default") for n in ["embed", "fc"]}
expect(
    "adapter_embedding", safetensors.torch.load_file("adapter_embedding/adapter_model.safetensors"), format="peft",
    writer=f"peft {peft.__version__}", dict="",
    products=[{"name": f"base_model.model.{n}", "shape": list(d.shape), "type": "float32", "norm": norm(d)}
              for n, d in layers.items()],
)

# One process's tensors, as torch.save and the writer of safetensors leave them.
os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29731")
dist.init_process_group("gloo", rank=0, world_size=1)
mesh = init_device_mesh("cpu", (1,))
pieces = {n: distribute_tensor(t, mesh, [Shard(0)]) for n, t in {"w": torch.ones(4, 3), "b": torch.ones(4)}.items()}
torch.save({"model": pieces}, "piece_of_rank_0.pt")
dcp.save(pieces, storage_writer=HuggingFaceStorageWriter(path="pieces", save_distributed=True))
dcp.save(pieces, storage_writer=dcp.FileSystemWriter(
    "safetensors_pieces", serialization_format=SerializationFormat.SAFETENSORS))
dist.destroy_process_group()
