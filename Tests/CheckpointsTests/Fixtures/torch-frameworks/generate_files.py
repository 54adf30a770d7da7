"""Single files of torch.save in the layouts of several trainers. Run with torch 2.13, timm 1.0, ultralytics 8.4
and lightning 2.6; ultralytics and timm need torchvision, whose operators are only declared here. Composer could
not be installed beside this torch: its file is written as composer/checkpoint lays it out."""
import copy
import os
import struct
import zipfile

import torch

library = torch.library.Library("torchvision", "DEF")
for operator in ["nms", "qnms", "roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool", "deform_conv2d"]:
    for suffix in ["", "_backward"] if "nms" not in operator else [""]:
        library.define(f"{operator.lstrip('_')}{suffix}(Tensor x) -> Tensor" if suffix else f"{operator}(Tensor x) -> Tensor")

from facts import HERE, Small, expect, moments_of, train

os.chdir(HERE)
torch.manual_seed(3)

# The layout before PyTorch 1.6: views, ties, every type that it can hold.
model = Small()
optimizer = train(model, torch.optim.AdamW(model.parameters(), lr=0.02, betas=(0.8, 0.9)), 4)
torch.save(
    {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "global_step": 4, "epoch": 1},
    "legacy.pt", _use_new_zipfile_serialization=False,
)
expect(
    "legacy.pt", torch.load("legacy.pt", weights_only=True)["model"], moments_of(model, optimizer),
    format="pytorch-legacy", dict="model", step=4, epoch=1, lr=0.02, betas=[0.8, 0.9], findings=[],
)
base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 7
zoo = {
    "base": base, "tied": base, "row": base[2], "column": base[:, 4], "turned": base.t(),
    "f64": torch.tensor([1.0, -1e150], dtype=torch.float64), "f16": torch.tensor([1.5, -2.0]).half(),
    "bf16": torch.tensor([3.0, 0.1]).bfloat16(), "i64": torch.tensor([2**40, -7]),
    "i32": torch.tensor([5, -6], dtype=torch.int32), "i16": torch.tensor([5, -6], dtype=torch.int16),
    "i8": torch.tensor([5, -6], dtype=torch.int8), "u8": torch.tensor([5, 6], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]), "scalar": torch.tensor(2.5), "empty": torch.zeros(3, 0),
}
torch.save({**zoo, "complex": torch.tensor([1 + 2j])}, "legacy_zoo.pt", _use_new_zipfile_serialization=False)
read = torch.load("legacy_zoo.pt", weights_only=True)
read.pop("complex")
expect("legacy_zoo.pt", read, format="pytorch-legacy", dict="", findings=["unsupported-dtype"])
# The layout holds each class's file and source: neither this machine's folders nor PyTorch's own text.
torch.serialization.get_source_lines_and_file = lambda kind: ([f"class {kind.__name__}:\n", "    ...\n"], 1, "model.py")
torch.save(model, "legacy_module.pt", _use_new_zipfile_serialization=False)
expect(
    "legacy_module.pt", torch.load("legacy_module.pt", weights_only=False).state_dict(),
    format="pytorch-legacy", dict="", findings=["foreign-global"],
)

# As a big-endian machine writes it: the same archive with every storage turned round. torch reads it back.
state = {"f32": base, "f64": zoo["f64"], "f16": zoo["f16"], "bf16": zoo["bf16"], "i64": zoo["i64"], "i16": zoo["i16"]}
torch.save(state, "big_endian.pt")
with zipfile.ZipFile("big_endian.pt") as source:
    records = {info.filename: source.read(info) for info in source.infolist()}
widths = [4, 8, 2, 2, 8, 2]
with zipfile.ZipFile("big_endian.pt", "w") as target:
    for name, data in records.items():
        if name.endswith("/byteorder"):
            data = b"big"
        if "/data/" in name:
            width = widths[int(name.rsplit("/", 1)[1])]
            data = b"".join(data[i : i + width][::-1] for i in range(0, len(data), width))
        target.writestr(zipfile.ZipInfo(name), data)
read = torch.load("big_endian.pt", weights_only=True)
assert all(torch.equal(read[n], t) for n, t in state.items())
expect("big_endian.pt", read, format="pytorch-zip", dict="", findings=[])

# timm's saver, with an average of the weights beside them.
from timm.utils import CheckpointSaver, ModelEmaV3

model = Small()
optimizer = train(model, torch.optim.AdamW(model.parameters(), lr=0.01))
average = ModelEmaV3(model, decay=0.5)
model.arch = "small"
saver = CheckpointSaver(
    model, optimizer, model_ema=average, checkpoint_dir=".", recovery_dir=".", checkpoint_prefix="timm-epoch"
)
saver.save_checkpoint(7, metric=71.5)
os.replace("timm-epoch-7.pth.tar", "timm.pth.tar")
for name in ["last.pth.tar", "model_best.pth.tar"]:
    os.remove(name)
saved = torch.load("timm.pth.tar", weights_only=False)
expect(
    "timm.pth.tar", saved["state_dict"], moments_of(model, optimizer), format="pytorch-zip", writer="timm",
    dict="state_dict", step=3, epoch=7, lr=0.01, betas=[0.9, 0.999], findings=["state-dict"],
)

# ultralytics: no model, a half-precision average pickled whole, moments in half precision.

from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils.torch_utils import ModelEMA, convert_optimizer_state_dict_to_fp16

config = {
    "nc": 2, "ch": 3,
    "backbone": [[-1, 1, "Conv", [4, 3, 2]], [-1, 1, "Conv", [4, 3, 2]], [-1, 1, "Conv", [4, 3, 2]]],
    "head": [[[1, 2], 1, "Detect", ["nc"]]],
}
model = DetectionModel(config, verbose=False)
# The detection head is large whatever the configuration: one of its biased convolutions stands in for it.
model.model[-1] = torch.nn.Conv2d(8, 2, 1)
groups = [], [], []
norms = tuple(v for k, v in torch.nn.__dict__.items() if "Norm" in k)
for module_name, module in model.named_modules():
    for name, parameter in module.named_parameters(recurse=False):
        place = 2 if name == "bias" else 1 if isinstance(module, norms) else 0
        groups[place].append(parameter)
optimizer = torch.optim.AdamW(groups[2], lr=0.001, betas=(0.937, 0.999), weight_decay=0.0)
optimizer.add_param_group({"params": groups[0], "weight_decay": 0.0005})
optimizer.add_param_group({"params": groups[1], "weight_decay": 0.0})
for _ in range(2):
    optimizer.zero_grad()
    for p in model.parameters():
        if p.requires_grad:
            p.grad = torch.randn_like(p)
    optimizer.step()
average = ModelEMA(model)
names = {id(p): n for n, p in model.named_parameters()}
state = convert_optimizer_state_dict_to_fp16(copy.deepcopy(optimizer.state_dict()))
torch.save(
    {
        "epoch": 4, "best_fitness": 0.25, "model": None, "ema": copy.deepcopy(average.ema).half(),
        "updates": average.updates, "optimizer": state, "scaler": {}, "train_args": {"batch": 16},
        "train_metrics": {"metrics/mAP50(B)": 0.5}, "train_results": {}, "date": "2026-01-01",
        "version": "8.4.190",
    },
    "ultralytics.pt",
)
saved = torch.load("ultralytics.pt", weights_only=False)
order = [names[id(p)] for g in optimizer.param_groups for p in g["params"]]
state = saved["optimizer"]["state"]
trained = [n for i, n in enumerate(order) if i in state]
expect(
    "ultralytics.pt", saved["ema"].state_dict(),
    {n: (state[i]["exp_avg"], state[i]["exp_avg_sq"]) for i, n in enumerate(order) if i in state},
    format="pytorch-zip", writer="ultralytics 8.4.190", dict="ema", step=2, epoch=4, lr=0.001,
    betas=[0.937, 0.999],
)

# Composer's layout (composer/utils/checkpoint.py): everything below `state`, optimizers by their class.
model = Small()
optimizer = train(model, torch.optim.AdamW(model.parameters(), lr=0.01))
torch.save(
    {
        "state": {
            "model": model.state_dict(), "optimizers": {"AdamW": optimizer.state_dict()},
            "timestamp": {"Timestamp": {"epoch": 1, "batch": 3, "sample": 12}}, "composer_version": "0.32.1",
        },
        "rng": [],
    },
    "ep1-ba3-rank0.pt",
)
expect(
    "ep1-ba3-rank0.pt", model.state_dict(), moments_of(model, optimizer), format="pytorch-zip",
    writer="composer 0.32.1", dict="state.model", step=3, epoch=1, lr=0.01, betas=[0.9, 0.999], findings=[],
)

# Moments in half precision, as ultralytics wrote them before 8.3; weights as nanoGPT lays them out.
model = Small()
optimizer = train(model, torch.optim.AdamW(model.parameters(), lr=0.01))
state = optimizer.state_dict()
for one in state["state"].values():
    one.update({k: v.half() for k, v in one.items() if k != "step"})
torch.save({"model": model.state_dict(), "optimizer": state, "model_args": {}, "iter_num": 3}, "half_moments.pt")
saved = torch.load("half_moments.pt", weights_only=False)
expect(
    "half_moments.pt", saved["model"],
    {n: (saved["optimizer"]["state"][i]["exp_avg"], saved["optimizer"]["state"][i]["exp_avg_sq"])
     for i, (n, _) in enumerate(model.named_parameters())},
    format="pytorch-zip", writer="nanogpt", dict="model", step=3, betas=[0.9, 0.999],
    flags=["low_precision_moments"],
)
