"""NumPy's archives, GGUF by gguf 0.19.0, and msgpack by flax 0.12.8."""
import gguf
import ml_dtypes  # noqa: F401
import numpy as np

from facts import FOLDER, keep

rng = np.random.default_rng(1)
arrays = {
    "f8": rng.standard_normal((4, 3)), "f4be": rng.standard_normal((4, 3)).astype(">f4"),
    "fortran": np.asfortranarray(rng.standard_normal((4, 5, 3)).astype("f4")),
    "f2": rng.standard_normal(6).astype("f2"), "i8": np.arange(-4, 4), "u1": np.arange(9, dtype="u1"),
    "layer/weight": rng.standard_normal((3, 2)).astype("f4"), "bool": np.array([True, False]),
}
np.savez(FOLDER / "step_40.npz", **arrays)
keep("step_40.npz", "npz", arrays, 40)
np.savez_compressed(FOLDER / "compressed.npz", **arrays)
keep("compressed.npz", "npz", arrays)
np.save(FOLDER / "single.npy", arrays["fortran"])
keep("single.npy", "npy", {"single": arrays["fortran"]})

kinds = gguf.GGMLQuantizationType
for name, order in [("little.gguf", gguf.GGUFEndian.LITTLE), ("big.gguf", gguf.GGUFEndian.BIG)]:
    writer = gguf.GGUFWriter(FOLDER / name, "llama", endianess=order)
    writer.add_block_count(1)
    writer.add_array("tokenizer.ggml.tokens", ["a", "b"])
    truth = {}
    for dtype in ["f4", "f2", "f8", "i1", "i2", "i4", "i8"]:
        truth[f"plain.{dtype}"] = (rng.standard_normal((3, 4)) * 9).astype(dtype)
        writer.add_tensor(f"plain.{dtype}", truth[f"plain.{dtype}"].copy())
    if order == gguf.GGUFEndian.LITTLE:
        x = rng.standard_normal((2, 512)).astype("f4")
        for kind in [kinds.BF16, kinds.Q4_0, kinds.Q4_1, kinds.Q5_0, kinds.Q5_1, kinds.Q8_0]:
            packed = gguf.quants.quantize(x, kind)
            truth[f"q.{kind.name}"] = gguf.quants.dequantize(packed, kind)
            writer.add_tensor(f"q.{kind.name}", packed, raw_dtype=kind)
        for kind in [kinds.Q2_K, kinds.Q3_K, kinds.Q4_K, kinds.Q5_K, kinds.Q6_K]:
            _, size = gguf.GGML_QUANT_SIZES[kind]
            packed = rng.integers(0, 256, (2, 2 * size), dtype="u1")
            # The scales, which are float16 at either end of a block, must be finite.
            blocks = packed.reshape(-1, size)
            scale = np.array([0.01, 0.02], "f2").view("u1")
            if kind in (kinds.Q3_K, kinds.Q6_K):
                blocks[:, -2:] = scale[:2]
            elif kind == kinds.Q2_K:
                blocks[:, -4:] = scale
            else:
                blocks[:, :4] = scale
            truth[f"k.{kind.name}"] = gguf.quants.dequantize(packed, kind)
            writer.add_tensor(f"k.{kind.name}", packed, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    keep(name, "gguf", truth)

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from flax import serialization
from flax.training import checkpoints, train_state


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(3)(nn.relu(nn.Dense(5)(x)))


net = Net()
x = jnp.asarray(rng.standard_normal((16, 4)), jnp.float32)
params = net.init(jax.random.PRNGKey(0), x)["params"]
state = train_state.TrainState.create(apply_fn=net.apply, params=params, tx=optax.adamw(1e-3))
for _ in range(7):
    grads = jax.grad(lambda p: (net.apply({"params": p}, x) ** 2).sum())(state.params)
    state = state.apply_gradients(grads=grads)


def flat(tree):
    return {"/".join(str(getattr(k, "key", k)) for k in path): np.asarray(leaf)
            for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]}


weights = {f"params/{n}": a for n, a in flat(state.params).items()}
moments = {f"params/{n}": a for n, a in flat(state.opt_state[0].nu).items()}
(FOLDER / "checkpoint_7").write_bytes(serialization.to_bytes(state))
keep("checkpoint_7", "flax-msgpack", weights, 7, moments)
serialization.MAX_CHUNK_SIZE = 64
(FOLDER / "chunked.msgpack").write_bytes(serialization.to_bytes(state))
keep("chunked.msgpack", "flax-msgpack", weights, 7, moments)
