"""Several items of arrays in one step, so that each stands behind its item's name: a whole state beside an
array (35), weights and the optimizer apart (36). By orbax-checkpoint 0.12.8, jax 0.10.2 and optax 0.2.8."""
import os
import pathlib
import shutil
import sys

os.environ["JAX_PLATFORMS"] = "cpu"
FOLDER = pathlib.Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))
import jax
import jax.numpy as jnp
import numpy as np
import optax
import orbax.checkpoint as ocp

from facts import keeper

keep = keeper(FOLDER)
TEMPORARY = pathlib.Path("/tmp/orbax-items")
shutil.rmtree(TEMPORARY, ignore_errors=True)
rng = np.random.default_rng(5)
params = {f"Dense_{i}": {"kernel": jnp.asarray(rng.standard_normal((4, 4)), jnp.float32), "bias": jnp.zeros(4)} for i in range(2)}
tx = optax.adamw(1e-3)
optimizer = tx.init(params)
for _ in range(3):
    gradients = jax.tree.map(lambda a: jnp.asarray(rng.standard_normal(a.shape), jnp.float32), params)
    updates, optimizer = tx.update(gradients, optimizer, params)
    params = optax.apply_updates(params, updates)


def flat(tree, prefix):
    return {prefix + ".".join(str(getattr(k, "key", getattr(k, "name", k))) for k in path): np.asarray(leaf)
            for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]}


def save(step, **items):
    with ocp.CheckpointManager(TEMPORARY) as manager:
        manager.save(step, args=ocp.args.Composite(**items))
    shutil.rmtree(FOLDER / str(step), ignore_errors=True)
    shutil.copytree(TEMPORARY / str(step), FOLDER / str(step))
    for file in (FOLDER / str(step)).rglob("commit_success.txt"):
        file.write_text("Checkpoint commit was successful\n")


moments = optimizer[0].nu
other = np.ones(3, "f4")
save(35, state=ocp.args.StandardSave({"params": params, "opt_state": optimizer}), other=ocp.args.StandardSave({"scale": other}))
keep("35", "orbax", {**flat(params, "state.params."), "other.scale": other}, 35, flat(moments, "state.params."))
save(36, model=ocp.args.StandardSave({"params": params}), opt=ocp.args.StandardSave(optimizer))
keep("36", "orbax", flat(params, "model.params."), 36, flat(moments, "model.params."))
