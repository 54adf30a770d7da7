"""Writes the fixtures beside it: small networks of different kinds as people export them, a checkpoint
of each, and PyTorch's own loss and Fisher traces in float64.

Run with torch, transformers, onnx, onnxscript and safetensors installed: python generate.py [NAME…]
A fixture is a folder with model.safetensors or step_4.pt, probe/ and reference.json. The networks are
those of etc/models, exported before they are trained.
"""

import json
import logging
import pathlib
import shutil
import sys
import warnings

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[3]
sys.path[:0] = [str(ROOT / "etc/models"), str(ROOT / "probes")]
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

import onnx
import torch

import compare
import reference
from cases import CASES
from exports import export

NAMES = [
    "one-place", "unet", "lstm-deep", "bert-tokens", "vit", "llama-padded", "multi-label",
    "square-older", "routed", "spatial-transformer", "lstm-time-first", "lstm-optimized",
    "norms-optimized", "vgg-optimized", "gru-older", "adapted", "adapters-alone",
]



def drop_traces(path):
    """Leaves out where this machine keeps the network's source; what else the exporter wrote stays."""
    model = onnx.load(str(path), load_external_data=False)
    for node in model.graph.node:
        kept = [entry for entry in node.metadata_props if not entry.key.endswith("stack_trace")]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
        node.ClearField("doc_string")
    path.write_bytes(model.SerializeToString())


for name in sys.argv[1:] or NAMES:
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    case = CASES[name](generator)
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    export(case, folder / "probe")
    drop_traces(folder / "probe/graph.onnx")
    compare.train(case, generator)
    compare.save(case, folder)
    expected = reference.measure(case)
    (folder / "reference.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(name, sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()), "bytes")
