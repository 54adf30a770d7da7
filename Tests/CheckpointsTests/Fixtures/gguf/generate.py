"""GGUF files of both byte orders and all kinds of blocks, by gguf 0.19.0."""
import pathlib
import sys

import gguf
import ml_dtypes  # noqa: F401
import numpy as np

FOLDER = pathlib.Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))
from facts import keeper

keep = keeper(FOLDER)
rng = np.random.default_rng(1)

kinds = gguf.GGMLQuantizationType
# Where the float16 scales of a block stand.
SCALES = {kinds.Q4_1: [0, 2], kinds.Q5_1: [0, 2], kinds.Q2_K: [80, 82], kinds.Q3_K: [108], kinds.Q4_K: [0, 2],
          kinds.Q5_K: [0, 2], kinds.Q6_K: [208], kinds.TQ1_0: [52], kinds.TQ2_0: [64], kinds.IQ1_M: [], kinds.MXFP4: [],
          kinds.NVFP4: []}
# The same, of kinds whose order gguf's own converter between byte orders knows.
SHORTS = {kinds.Q4_0: [0], kinds.Q8_0: [0], kinds.Q4_K: [0, 2], kinds.Q6_K: [208], kinds.MXFP4: []}
for name, order in [("little.gguf", gguf.GGUFEndian.LITTLE), ("big.gguf", gguf.GGUFEndian.BIG)]:
    writer = gguf.GGUFWriter(FOLDER / name, "llama", endianess=order)
    writer.add_block_count(1)
    writer.add_array("tokenizer.ggml.tokens", ["a", "b"])
    truth = {}
    for dtype in ["f4", "f2", "f8", "i1", "i2", "i4", "i8"]:
        truth[f"plain.{dtype}"] = (rng.standard_normal((3, 4)) * 9).astype(dtype)
        writer.add_tensor(f"plain.{dtype}", truth[f"plain.{dtype}"].copy())
    for kind in [k for k in kinds if k in gguf.quants._type_traits]:
        if order == gguf.GGUFEndian.BIG and kind not in SHORTS:
            continue
        count, size = gguf.GGML_QUANT_SIZES[kind]
        packed = rng.integers(0, 256, (2, 512 // count * size), dtype="u1")
        blocks = packed.reshape(-1, size)
        # The scales, which are float16, must be finite; those of eight bits small.
        for place in SCALES.get(kind, [0]):
            blocks[:, place:place + 2] = np.array([0.01], "f2").view("u1")
        if kind == kinds.IQ1_M:
            blocks[:, 49::2] = blocks[:, 49::2] & 0x0F | np.array([0x10, 0x20, 0x10, 0x20], "u1")
        if kind == kinds.MXFP4:
            blocks[:, 0] = blocks[:, 0] % 16 + 118
        truth[f"q.{kind.name}"] = gguf.quants.dequantize(packed, kind)
        if order == gguf.GGUFEndian.BIG:
            for place in SHORTS[kind]:
                blocks[:, [place, place + 1]] = blocks[:, [place + 1, place]]
        writer.add_tensor(f"q.{kind.name}", packed, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    keep(name, "gguf", truth)
