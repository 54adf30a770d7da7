"""Writes the checkpoint fixtures beside this script, and what PyTorch and NumPy read from them.

Run with torch 2.13, safetensors 0.8 and numpy 2.4; the output is the same bytes each time.
"""
import collections
import hashlib
import json
import os
import shutil

import numpy
import safetensors.torch
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
os.chdir(HERE)
torch.manual_seed(1)
expected = {}


def tensor_facts(name, value):
    wide = value.detach().to(torch.float64).reshape(-1)
    finite = wide[torch.isfinite(wide)]
    return {
        "name": name,
        "shape": list(value.shape),
        "type": str(value.dtype).removeprefix("torch."),
        # Exact in float64; repr survives JSON.
        "sumSquares": float((finite * finite).sum()),
        "sumAbsolute": float(finite.abs().sum()),
        "nan": int(torch.isnan(wide).sum()),
        "infinite": int(torch.isinf(wide).sum()),
        "values": [repr(float(x)) for x in value.detach().to(torch.float32).reshape(-1)[:24]],
    }


def digest(tensors):
    """The digest of Checkpoint.digest(), computed independently."""
    number = lambda n: n.to_bytes(8, "little")
    text = lambda s: number(len(s.encode())) + s.encode()
    whole = hashlib.sha256()
    for name in sorted(tensors, key=str.encode):
        value = tensors[name].detach().contiguous()
        one = hashlib.sha256(text(str(value.dtype).removeprefix("torch.")))
        one.update(number(value.dim()) + b"".join(map(number, value.shape)))
        one.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
        whole.update(text(name) + text(one.hexdigest()))
    return whole.hexdigest()


def moment_facts(parameters, state):
    return [
        {
            "parameter": name,
            "first": float(state[i]["exp_avg"].double().sum()),
            "second": float(state[i]["exp_avg_sq"].double().sum()),
        }
        for i, name in parameters
    ]


def expect(path, tensors, **facts):
    expected[path] = {
        "tensors": [tensor_facts(n, t) for n, t in tensors.items()], "digest": digest(tensors), **facts
    }


class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv1d(1, 3, 2, bias=False)
        self.bn = torch.nn.BatchNorm1d(3)
        self.fc = torch.nn.Linear(3, 2)

    def forward(self, x):
        return self.fc(torch.relu(self.bn(self.conv(x))).mean(-1))


def train(model, optimizer, steps, shape, clip=None):
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.randn(shape)).square().sum().backward()
        optimizer.step()


# One group, batch normalisation: indices in the order of parameters(), buffers between.
model = Small()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, betas=(0.8, 0.95))
train(model, optimizer, 5, (4, 1, 6))
names = [n for n, _ in model.named_parameters()]
torch.save(
    {
        "epoch": 2,
        "global_step": 5,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "val_accuracy": 0.75,
        "loss": torch.tensor(1.5),
        "numpy_metric": numpy.float64(0.125),
    },
    "script.pt",
)
expect(
    "script.pt",
    model.state_dict(),
    format="pytorch-zip",
    dict="model_state_dict",
    step=5,
    stepSource="global_step",
    epoch=2,
    lr=0.01,
    metrics={"val_accuracy": 0.75, "loss": 1.5, "numpy_metric": 0.125},
    moments=moment_facts(list(enumerate(names)), optimizer.state_dict()["state"]),
    betas=[0.8, 0.95],
    findings=[],
)

# A plain state dict; step and epoch from the name.
torch.save({"w": torch.arange(6.0).reshape(2, 3), "b": torch.tensor([1.0, -2.0])}, "epoch_3-step_40.pt")
expect(
    "epoch_3-step_40.pt",
    {"w": torch.arange(6.0).reshape(2, 3), "b": torch.tensor([1.0, -2.0])},
    format="pytorch-zip", dict="", step=40, stepSource="file name", epoch=3, findings=[],
)

# Every element type, shared storages, views of every kind, values that are hard to write down.
base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 7
zoo = {
    "float64": torch.tensor([1.0, -1e150, 1e-310], dtype=torch.float64),
    "float32": torch.tensor([1.5, -0.0, 1e-40, 3.4e38]),
    "float16": torch.tensor([1.0, 65504.0, 6e-8, -0.1], dtype=torch.float16),
    "bfloat16": torch.tensor([1.0, -3.3e38, 1e-38, 0.1], dtype=torch.bfloat16),
    "int64": torch.tensor([-(2**63), 2**53 + 1, 7]),
    "int32": torch.tensor([-(2**31), 2**31 - 1], dtype=torch.int32),
    "int16": torch.tensor([-32768, 32767], dtype=torch.int16),
    "int8": torch.tensor([-128, 127], dtype=torch.int8),
    "uint8": torch.tensor([0, 255], dtype=torch.uint8),
    "uint16": torch.tensor([0, 65535], dtype=torch.uint16),
    "uint32": torch.tensor([0, 2**32 - 1], dtype=torch.uint32),
    "uint64": torch.tensor([0, 2**64 - 1], dtype=torch.uint64),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(3.25),
    "empty": torch.zeros(3, 0, 2),
    "special": torch.tensor([float("nan"), float("inf"), -float("inf"), 2.0]),
    "base": base,
    "tied": base,
    "transposed": base.t(),
    "row": base[2],
    "column": base[:, 4],
    "stepped": base[1::2, ::3],
    "permuted": torch.arange(24, dtype=torch.int16).reshape(2, 3, 4).permute(2, 0, 1),
    "expanded": torch.tensor([[1.0], [2.0]]).expand(2, 5),
    "parameter": torch.nn.Parameter(torch.tensor([0.5, 0.25])),
    "yes: &a\n\u202e\x1b[2J": torch.tensor([4.0]),
    "e\u0301": torch.tensor([5.0]),
    "\u00e9": torch.tensor([6.0]),
}
torch.save({**zoo, "complex": torch.tensor([1 + 2j])}, "zoo.pt")
expect(
    "zoo.pt", zoo, format="pytorch-zip", dict="", shared={"tied": "base", "transposed": "base"},
    findings=["unsupported-dtype"],
)

# safetensors: contiguous copies, sorted by the writer; the same names and contents, the same digest.
flat = {n: t.detach().clone().contiguous() for n, t in zoo.items()}
safetensors.torch.save_file(flat, "zoo.safetensors", metadata={"global_step": "12"})
expect(
    "zoo.safetensors", flat, format="safetensors", dict="", step=12, stepSource="global_step",
    sorted=True, findings=[],
)

# All 256 patterns of every 8-bit float.
patterns = torch.arange(256, dtype=torch.uint8)
narrow = ["float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"]
eights = {n: patterns.clone().view(getattr(torch, n)) for n in narrow}
torch.save(eights, "float8.pt")
expect("float8.pt", eights, format="pytorch-zip", dict="", findings=[])
safetensors.torch.save_file(eights, "float8.safetensors")
expect("float8.safetensors", eights, format="safetensors", dict="", sorted=True, findings=[])


# nanoGPT's layout: compiled prefix, decayed matrices first, counter and configuration.
class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.ln = torch.nn.LayerNorm(4)
        self.fc = torch.nn.Linear(4, 4)

    def forward(self, x):
        return x + self.fc(self.ln(x))


model = torch.nn.Sequential(torch.nn.Linear(4, 4), Block(), Block(), torch.nn.Linear(4, 3))
named = [("_orig_mod." + n, p) for n, p in model.named_parameters()]
groups = [
    {"params": [p for _, p in named if p.dim() >= 2], "weight_decay": 0.1},
    {"params": [p for _, p in named if p.dim() < 2], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=6e-4, betas=(0.9, 0.95))
train(model, optimizer, 3, (4, 4))
state = {"_orig_mod." + n: t for n, t in model.state_dict().items()}
torch.save(
    {
        "model": state,
        "optimizer": optimizer.state_dict(),
        "model_args": {"n_layer": 2},
        "iter_num": 2000,
        "best_val_loss": torch.tensor(2.25),
        "config": {"batch_size": 12, "gradient_accumulation_steps": 40, "grad_clip": 1.0},
    },
    "nanogpt.pt",
)
order = [n for n, p in named if p.dim() >= 2] + [n for n, p in named if p.dim() < 2]
expect(
    "nanogpt.pt", state, format="pytorch-zip", dict="model", step=2000, stepSource="iter_num", lr=6e-4,
    batch=480, clip=1.0, metrics={"best_val_loss": 2.25}, betas=[0.9, 0.95],
    moments=moment_facts(list(enumerate(order)), optimizer.state_dict()["state"]), findings=[],
)

# Two groups that shapes cannot tell apart: every bias (4) fits every normalisation weight (4).
groups = [
    {"params": [p for n, p in named if not n.endswith("bias")], "weight_decay": 0.1},
    {"params": [p for n, p in named if n.endswith("bias")], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=6e-4)
train(model, optimizer, 2, (4, 4))
torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, "two_groups.pt")
order = [n for n in model.state_dict() if not n.endswith("bias")] + [
    n for n in model.state_dict() if n.endswith("bias")
]
expect(
    "two_groups.pt", model.state_dict(), format="pytorch-zip", dict="model", step=2,
    stepSource="optimizer state", lr=6e-4, betas=[0.9, 0.999],
    moments=moment_facts(list(enumerate(order)), optimizer.state_dict()["state"]), findings=["moments-order"],
)

# An optimizer that was given some of the parameters in an order of its own: no match.
shuffled = [p for _, p in named][::-1]
optimizer = torch.optim.Adam(shuffled[:5])
train(model, optimizer, 2, (4, 4))
torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, "ambiguous.pt")
expect(
    "ambiguous.pt", model.state_dict(), format="pytorch-zip", dict="model", step=2,
    stepSource="optimizer state", lr=1e-3, moments=[], findings=["no-moments"],
)

# An optimizer made from named parameters says their names, in any order.
optimizer = torch.optim.Adam(list(model.named_parameters())[::-1])
train(model, optimizer, 2, (4, 4))
torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, "named.pt")
order = [n for n, _ in model.named_parameters()][::-1]
expect(
    "named.pt", model.state_dict(), format="pytorch-zip", dict="model", step=2,
    stepSource="optimizer state", lr=1e-3, betas=[0.9, 0.999],
    moments=moment_facts(list(enumerate(order)), optimizer.state_dict()["state"]), findings=[],
)

# RMSprop and Adagrad keep one moment.
for kind, make, key in [
    ("rmsprop", lambda p: torch.optim.RMSprop(p, alpha=0.97), "square_avg"),
    ("adagrad", lambda p: torch.optim.Adagrad(p), "sum"),
]:
    optimizer = make(model.parameters())
    train(model, optimizer, 2, (4, 4))
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, f"{kind}.pt")
    state = optimizer.state_dict()["state"]
    names = [n for n, _ in model.named_parameters()]
    expect(
        f"{kind}.pt", model.state_dict(), format="pytorch-zip", dict="model", step=2,
        stepSource="optimizer state", lr=0.01, kind=kind, betas=[None, 0.97 if kind == "rmsprop" else None],
        moments=[
            {"parameter": n, "first": None, "second": float(state[i][key].double().sum())}
            for i, n in enumerate(names)
        ],
        findings=[],
    )

# Lightning's layout.
model = torch.nn.Sequential(collections.OrderedDict(net=Small()))
optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
train(model, optimizer, 2, (4, 1, 6))
torch.save(
    {
        "epoch": 1,
        "global_step": 44,
        "pytorch-lightning_version": "2.6.6",
        "state_dict": model.state_dict(),
        "loops": {"fit_loop": {"state_dict": {}}},
        "callbacks": {
            "ModelCheckpoint": {"monitor": "val_loss", "current_score": torch.tensor(0.5), "best_model_path": ""}
        },
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [{"_last_lr": [0.001]}],
        "hyper_parameters": {"batch_size": 16, "width": torch.ones(3)},
    },
    "lightning.ckpt",
)
names = [n for n, _ in model.named_parameters()]
expect(
    "lightning.ckpt", model.state_dict(), format="lightning", dict="state_dict", step=44,
    stepSource="global_step", epoch=1, lr=0.001, batch=16, metrics={"val_loss": 0.5}, betas=[0.9, 0.999],
    moments=moment_facts(list(enumerate(names)), optimizer.state_dict()["state"]), findings=[],
)

# A whole module, pickled: state_dict order is the module tree's.
module = torch.nn.Sequential(collections.OrderedDict(
    first=torch.nn.Linear(2, 3), norm=torch.nn.BatchNorm1d(3), last=torch.nn.Linear(3, 1)))
torch.save({"ema": module, "step": 9}, "module.pt")
expect("module.pt", module.state_dict(), format="pytorch-zip", dict="ema", step=9, stepSource="step",
       findings=["averaged-weights"])

# Hugging Face Trainer: names sorted by the container, tied output layer saved once.
names = ["transformer.wte.weight", "transformer.wpe.weight"]
shapes = {"transformer.wte.weight": (7, 4), "transformer.wpe.weight": (3, 4)}
for block in range(2):
    for child, shape in [
        ("ln_1", (4,)), ("attn.c_attn", (4, 12)), ("attn.c_proj", (4, 4)), ("ln_2", (4,)),
        ("mlp.c_fc", (4, 8)), ("mlp.c_proj", (8, 4)),
    ]:
        for leaf, extents in [("weight", shape), ("bias", shape[-1:])]:
            shapes[f"transformer.h.{block}.{child}.{leaf}"] = extents
for leaf in ("weight", "bias"):
    shapes[f"transformer.ln_f.{leaf}"] = (4,)
weights = {n: torch.nn.Parameter(torch.randn(s)) for n, s in shapes.items()}
decayed = [n for n in shapes if len(shapes[n]) == 2]
others = [n for n in shapes if len(shapes[n]) == 1]
optimizer = torch.optim.AdamW(
    [{"params": [weights[n] for n in decayed], "weight_decay": 0.1},
     {"params": [weights[n] for n in others], "weight_decay": 0.0}], lr=0.003)
for _ in range(2):
    optimizer.zero_grad()
    sum((w * torch.randn(w.shape)).square().sum() for w in weights.values()).backward()
    optimizer.step()
plain = {n: w.detach() for n, w in weights.items()}


class TrainingArguments:
    pass


def folder(path, write_model):
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    write_model(path)
    torch.save(optimizer.state_dict(), f"{path}/optimizer.pt")
    with open(f"{path}/config.json", "w") as f:
        json.dump({"model_type": "gpt2", "n_layer": 2}, f)
    with open(f"{path}/trainer_state.json", "w") as f:
        json.dump(
            {
                "global_step": 30, "epoch": 0.5, "train_batch_size": 8,
                "log_history": [
                    {"step": 10, "loss": 3.0, "learning_rate": 0.004, "epoch": 0.1},
                    {"step": 30, "loss": 2.5, "grad_norm": 0.75, "epoch": 0.5},
                    {"step": 30, "eval_loss": 2.625, "eval_runtime": 0.5},
                    {"step": 40, "loss": 9.0},
                    {"step": 30, "grad_norm": float("nan")},
                ],
            }, f)


def one_file(path):
    safetensors.torch.save_file(plain, f"{path}/model.safetensors", metadata={"format": "pt"})
    arguments = TrainingArguments()
    arguments.gradient_accumulation_steps = 4
    arguments.max_grad_norm = 0.5
    torch.save(arguments, f"{path}/training_args.bin")


def shards(path):
    half = sorted(plain)[: len(plain) // 2]
    parts = [{n: plain[n] for n in half}, {n: plain[n] for n in plain if n not in half}]
    index = {"metadata": {"total_size": 0}, "weight_map": {}}
    for i, part in enumerate(parts):
        name = f"model-{i + 1:05}-of-00002.safetensors"
        safetensors.torch.save_file(part, f"{path}/{name}")
        index["weight_map"].update({n: name for n in part})
    with open(f"{path}/model.safetensors.index.json", "w") as f:
        json.dump(index, f)


hugging = dict(
    format="huggingface-trainer", dict="", step=30, stepSource="trainer_state.json", epoch=0.5, lr=0.003,
    betas=[0.9, 0.999], sorted=True, findings=[],
    metrics={"loss": 2.5, "grad_norm": 0.75, "eval_loss": 2.625, "eval_runtime": 0.5},
    moments=moment_facts(list(enumerate(decayed + others)), optimizer.state_dict()["state"]),
)
folder("checkpoint-30", one_file)
expect("checkpoint-30", plain, batch=32, clip=0.5, **hugging)
folder("sharded", shards)
expect("sharded", plain, batch=8, **hugging)


def pickled(path):
    torch.save(plain, f"{path}/pytorch_model.bin")


folder("pickled", pickled)
expect("pickled", plain, batch=8, **hugging)

# The smallest archives, for cutting and flipping.
torch.save({"w": torch.tensor([1.0, -2.0, 0.5])}, "mini.pt")
safetensors.torch.save_file({"w": torch.tensor([1.0, -2.0, 0.5]), "n": torch.tensor(3)}, "mini.safetensors")

# NumPy archives.
arrays = {
    "x": numpy.arange(6, dtype="<f4").reshape(2, 3) / 3,
    "half": numpy.array([1.5, -2.0], dtype="<f2"),
    "double": numpy.array([[0.1, 0.2]], dtype="<f8"),
    "big": numpy.array([1.5, -2.5], dtype=">f4"),
    "column": numpy.asfortranarray(numpy.arange(24, dtype="<f4").reshape(2, 3, 4)),
    "y": numpy.array([3, 1, 2], dtype="<i8"),
    "i4": numpy.array([[-5, 6]], dtype="<i4"),
    "bytes": numpy.array([0, 255], dtype="|u1"),
    "flags": numpy.array([True, False]),
    "big_integers": numpy.array([258, -2], dtype=">i2"),
    "column_integers": numpy.asfortranarray(numpy.arange(6, dtype="<i4").reshape(2, 3)),
    "scalar": numpy.array(7, dtype="<i8"),
    "empty": numpy.zeros((0, 3), dtype="<f4"),
}
numpy.savez("arrays.npz", **arrays)
numpy.savez_compressed("compressed.npz", **arrays, zeros=numpy.zeros((50, 40), dtype="<f4"))
numpy.save("single.npy", arrays["x"])
expected["arrays"] = {
    n: {
        "shape": list(a.shape), "real": a.dtype.kind == "f",
        "values": [float(v) for v in a.astype("<f4").reshape(-1)] if a.dtype.kind == "f"
        else [int(v) for v in a.reshape(-1)],
    }
    for n, a in arrays.items()
}

with open("expected.json", "w") as f:
    json.dump(expected, f, separators=(",", ":"), sort_keys=True, allow_nan=False)
    f.write("\n")
