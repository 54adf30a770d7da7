"""Adagrad's sums of squares, by flax 0.12 and optax 0.2.8."""
import pathlib
import sys

import numpy as np

FOLDER = pathlib.Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))
from facts import keeper

keep = keeper(FOLDER)
import jax
import jax.numpy as jnp
import optax
from flax import serialization
from flax.training import train_state

rng = np.random.default_rng(4)
x = jnp.asarray(rng.standard_normal((16, 4)), jnp.float32)
params = {f"Dense_{i}": {"kernel": jnp.asarray(rng.standard_normal((4, 4)), jnp.float32), "bias": jnp.zeros(4)} for i in range(2)}


def apply(params, x):
    for layer in params.values():
        x = x @ layer["kernel"] + layer["bias"]
    return x


state = train_state.TrainState.create(apply_fn=apply, params=params, tx=optax.adagrad(0.1))
for _ in range(5):
    state = state.apply_gradients(grads=jax.grad(lambda p: (apply(p, x) ** 2).mean())(state.params))


def flat(tree):
    return {"/".join(str(getattr(k, "key", k)) for k in path): np.asarray(leaf)
            for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]}


(FOLDER / "adagrad.msgpack").write_bytes(serialization.to_bytes(state))
sums = next(s.sum_of_squares for s in jax.tree.leaves(state.opt_state, is_leaf=lambda s: hasattr(s, "sum_of_squares"))
            if hasattr(s, "sum_of_squares"))
keep("adagrad.msgpack", "flax-msgpack", {f"params/{n}": a for n, a in flat(state.params).items()}, 5,
     {f"params/{n}": a for n, a in flat(sums).items()})
