"""Msgpack checkpoints, by flax 0.12.8 and optax 0.2.8."""
import pathlib
import sys

import numpy as np

FOLDER = pathlib.Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))
from facts import keeper

keep = keeper(FOLDER)
rng = np.random.default_rng(1)
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
