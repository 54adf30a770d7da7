"""Folders of PEFT, accelerate and the Hugging Face Trainer's parts. Run with torch 2.13, peft, accelerate and
transformers; torchvision's operators are only declared. Trainer with FSDP needs a GPU: its folder is written as
accelerate/utils/fsdp_utils.py does (dcp.save of {"model": …} and {"optimizer": …}), by one process."""
import json
import os
import shutil

import torch

library = torch.library.Library("torchvision", "DEF")
for operator in ["nms", "qnms", "roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool", "deform_conv2d"]:
    library.define(f"{operator}(Tensor x) -> Tensor")

import accelerate
import peft
import safetensors.torch
import torch.distributed.checkpoint as dcp
import transformers

from facts import HERE, Small, expect, moments_of, norm, train

os.chdir(HERE)
torch.manual_seed(9)
for old in ["adapter", "accelerate", "checkpoint-12", "checkpoint-3"]:
    shutil.rmtree(old, ignore_errors=True)


class Base(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(2, 3, 2)
        self.q_proj = torch.nn.Linear(6, 5)
        self.v_proj = torch.nn.Linear(6, 4)

    def forward(self, x):
        return self.v_proj(x) + self.q_proj(x).sum()


config = peft.LoraConfig(
    r=2, lora_alpha=8, target_modules=["conv", "q_proj", "v_proj"], rank_pattern={"v_proj": 3}, alpha_pattern={"v_proj": 5},
    init_lora_weights=False,
)
model = peft.get_peft_model(Base(), config)
model.save_pretrained("adapter")
for extra in os.listdir("adapter"):
    if extra not in ("adapter_model.safetensors", "adapter_config.json"):
        os.remove(f"adapter/{extra}")
tensors = safetensors.torch.load_file("adapter/adapter_model.safetensors")
products = [
    {"name": f"base_model.model.{n}", "shape": list(delta.shape), "type": "float32", "norm": norm(delta)}
    for n in ["conv", "q_proj", "v_proj"]
    for delta in [getattr(model.base_model.model, n).get_delta_weight("default")]
]
saved = json.load(open("adapter/adapter_config.json"))
writer = f"peft {saved['peft_version']}" if saved.get("peft_version") else "peft"
expect("adapter", tensors, format="peft", writer=writer, dict="", products=products)

# accelerate's save_state: shards of safetensors or one, optimizer.bin, random states last.
runner = accelerate.Accelerator(cpu=True)
net = Small()
optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
prepared, wrapped = runner.prepare(net, optimizer)
train(prepared, wrapped)
runner.save_state("accelerate/checkpoint_0")
tensors = safetensors.torch.load_file("accelerate/checkpoint_0/model.safetensors")
expect("accelerate/checkpoint_0", tensors, format="accelerate", writer="accelerate", dict="", step=3, lr=0.01)

# The Trainer's folder after FSDP with sharded state dicts.
net = Small()
optimizer = train(net, torch.optim.AdamW(net.parameters(), lr=0.01, betas=(0.9, 0.95)))
names = [n for n, _ in net.named_parameters()]
state = optimizer.state_dict()
by_name = {
    "state": {names[i]: s for i, s in state["state"].items()},
    "param_groups": [{**g, "params": [names[i] for i in g["params"]]} for g in state["param_groups"]],
}
os.makedirs("checkpoint-12")
dcp.save({"model": net.state_dict()}, checkpoint_id="checkpoint-12/pytorch_model_fsdp_0", no_dist=True)
dcp.save({"optimizer": by_name}, checkpoint_id="checkpoint-12/optimizer_0", no_dist=True)
with open("checkpoint-12/trainer_state.json", "w") as file:
    json.dump({"global_step": 12, "epoch": 1.5, "log_history": [{"step": 10, "learning_rate": 0.02, "loss": 1.0}]}, file)
expect(
    "checkpoint-12", net.state_dict(), moments_of(net, optimizer), format="huggingface-trainer", dict="model", step=12,
    epoch=1.5, betas=[0.9, 0.95], findings=[],
)

# The Trainer's folder with DeepSpeed's beside whole weights: the moments are DeepSpeed's.
if os.path.exists("zero2/global_step3"):
    shutil.copytree("zero2/global_step3", "checkpoint-3/global_step3")
    facts = json.load(open("expected.json"))["zero2/global_step3"]
    module = torch.load("zero2/global_step3/mp_rank_00_model_states.pt", weights_only=False)["module"]
    safetensors.torch.save_file({n: t.contiguous() for n, t in module.items()}, "checkpoint-3/model.safetensors", {"format": "pt"})
    with open("checkpoint-3/trainer_state.json", "w") as file:
        json.dump({"global_step": 3, "epoch": 0.5, "log_history": []}, file)
    expect(
        "checkpoint-3", safetensors.torch.load_file("checkpoint-3/model.safetensors"), format="huggingface-trainer", dict="",
        step=3, epoch=0.5, betas=[0.9, 0.98],
    )
    everything = json.load(open("expected.json"))
    everything["checkpoint-3"]["moments"] = facts["moments"]
    json.dump(everything, open("expected.json", "w"), indent=0)
