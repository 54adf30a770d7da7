"""Writes the golden fixtures: two small networks as PyTorch exports them, their parameters and batch,
and PyTorch's own float64 outputs, and per-example gradients of the output contracted with cotangents.

Run with torch, onnx and onnxscript installed: python generate.py
A fixture is <name>.onnx (external data dropped), <name>.json (names, shapes, in the order of the
binary) and <name>.bin (little-endian float32; token batches are stored as float32 too).
"""

import json
import os
import tempfile

import numpy as np
import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
COTANGENTS = 2


class Residual(nn.Module):
    """Convolutions in groups, pools, a residual sum, a linear layer: 2-D images."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.grouped = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.down = nn.Conv2d(4, 6, 1, stride=2, bias=False)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.5)
        self.fc1 = nn.Linear(6 * 2 * 2, 5)
        self.fc2 = nn.Linear(5, 3)

    def forward(self, x):
        h = torch.relu(self.bn(self.stem(x)))
        h = h + torch.nn.functional.silu(self.grouped(h))
        h = self.pool(torch.nn.functional.pad(self.down(h), (0, 1, 0, 1)))
        h = torch.flatten(h, 1)
        return self.fc2(self.drop(torch.nn.functional.gelu(self.fc1(h))))


class Block(nn.Module):
    """Causal attention through PyTorch's fused operator, and a GELU network."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.ln_2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 2 * width)
        self.down = nn.Linear(2 * width, width)

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = self.qkv(self.ln_1(x)).split(d, dim=2)
        q, k, v = (a.view(n, t, self.heads, d // self.heads).transpose(1, 2) for a in (q, k, v))
        a = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(a.transpose(1, 2).reshape(n, t, d))
        return x + self.down(torch.nn.functional.gelu(self.up(self.ln_2(x)), approximate="tanh"))


class Language(nn.Module):
    """A causal language model with a tied embedding, as nanoGPT has it."""

    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(7, 8)
        self.wpe = nn.Embedding(5, 8)
        self.blocks = nn.ModuleList([Block(8, 2)])
        self.ln_f = nn.LayerNorm(8)
        self.head = nn.Linear(8, 7, bias=False)
        self.head.weight = self.wte.weight

    def forward(self, tokens):
        t = tokens.shape[1]
        x = self.wte(tokens) + self.wpe(torch.arange(t, device=tokens.device))
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln_f(x))


def write(name, model, batch):
    generator = torch.Generator().manual_seed(1)
    for key, tensor in list(model.named_parameters()) + list(model.named_buffers()):
        if tensor.dtype.is_floating_point:
            with torch.no_grad():
                noise = torch.randn(tensor.shape, generator=generator) * 0.4
                tensor.copy_(noise.abs() + 0.5 if tensor.dim() == 1 and "bias" not in key else noise)
    model.eval()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "graph.onnx")
        torch.onnx.export(
            model, (batch,), path, dynamo=True, optimize=False, external_data=True,
            dynamic_shapes=({0: torch.export.Dim("batch")},), input_names=["input"],
            output_names=["output"], verbose=False)
        graph = strip(path)
    with open(os.path.join(HERE, name + ".onnx"), "wb") as file:
        file.write(graph)

    exact = model.double()
    inputs = batch.double() if batch.dtype.is_floating_point else batch
    output = exact(inputs)
    cotangents = torch.randn((len(batch), COTANGENTS) + output.shape[1:], generator=generator)
    arrays = [("input", batch), ("output", output), ("cotangents", cotangents)]
    state = {k: v for k, v in exact.state_dict().items() if v.dtype.is_floating_point}
    if "head.weight" in state:
        del state["head.weight"]  # tied: safetensors keeps one name
    arrays += [("state." + key, value) for key, value in state.items()]
    trained = dict(exact.named_parameters())
    for key, parameter in trained.items():
        rows = []
        for n in range(len(batch)):
            for k in range(COTANGENTS):
                value = (exact(inputs[n : n + 1])[0] * cotangents[n, k].double()).sum()
                rows.append(torch.autograd.grad(value, parameter, retain_graph=True)[0].flatten())
        arrays.append(("gradient." + key, torch.stack(rows).view(len(batch), COTANGENTS, -1)))
    with open(os.path.join(HERE, name + ".bin"), "wb") as file:
        for _, array in arrays:
            file.write(array.detach().numpy().astype("<f4").tobytes())
    with open(os.path.join(HERE, name + ".json"), "w") as file:
        json.dump(
            {"tokens": not batch.dtype.is_floating_point,
             "arrays": [{"name": key, "shape": list(array.shape)} for key, array in arrays]},
            file, indent=1)
        file.write("\n")


def strip(path):
    """The graph without its weights' values and without the exporter's notes."""
    import onnx

    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT and tensor.name in weight_names(model):
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            del tensor.external_data[:]
            entry = tensor.external_data.add()
            entry.key, entry.value = "location", "graph.onnx.data"
    for node in model.graph.node:
        del node.metadata_props[:]
        node.ClearField("doc_string")
    del model.graph.value_info[:]
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    return model.SerializeToString(deterministic=True)


def weight_names(model):
    """Weights: the initializers named like a module's parameter."""
    return {tensor.name for tensor in model.graph.initializer if "." in tensor.name}


torch.manual_seed(0)
write("residual", Residual(), torch.randn((3, 2, 6, 6), generator=torch.Generator().manual_seed(2)))
write("language", Language(), torch.randint(0, 7, (3, 5), generator=torch.Generator().manual_seed(3)))
