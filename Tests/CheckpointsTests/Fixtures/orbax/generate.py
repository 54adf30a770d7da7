"""Orbax's layouts, by orbax-checkpoint 0.12.8 with jax 0.10.2, flax 0.12.8 and optax 0.2.8. Times, names of
data files and identifiers differ from run to run; the contents do not."""
import os
import pathlib
import shutil
import sys

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
FOLDER = pathlib.Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))
import jax
import jax.numpy as jnp
import numpy as np
import optax
import tensorstore as ts
import orbax.checkpoint as ocp
from flax import linen as nn
from flax import nnx
from flax.training import train_state

from facts import keeper

keep = keeper(FOLDER)
TEMPORARY = pathlib.Path("/tmp/orbax-fixtures")
shutil.rmtree(TEMPORARY, ignore_errors=True)
rng = np.random.default_rng(0)


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.BatchNorm(use_running_average=False)(nn.Dense(5)(x))
        return nn.Dense(3)(nn.relu(x))


class State(train_state.TrainState):
    batch_stats: dict


net = Net()
x = jnp.asarray(rng.standard_normal((16, 4)), jnp.float32)
variables = net.init(jax.random.PRNGKey(0), x)
state = State.create(apply_fn=net.apply, params=variables["params"], tx=optax.adamw(1e-3),
                     batch_stats=variables["batch_stats"])


def loss(params):
    y, new = net.apply({"params": params, "batch_stats": state.batch_stats}, x, mutable=["batch_stats"])
    return (y ** 2).sum(), new


for _ in range(3):
    gradients, new = jax.grad(loss, has_aux=True)(state.params)
    state = state.apply_gradients(grads=gradients, batch_stats=new["batch_stats"])


def flat(tree, prefix=""):
    return {prefix + ".".join(str(getattr(k, "key", getattr(k, "idx", getattr(k, "name", k)))) for k in path):
            np.asarray(leaf) for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]}


def move(source, name):
    shutil.rmtree(FOLDER / name, ignore_errors=True)
    shutil.copytree(TEMPORARY / source, FOLDER / name)
    # They name this machine's folders and devices.
    for file in (FOLDER / name).rglob("commit_success.txt"):
        file.write_text("Checkpoint commit was successful\n")


weights = {**flat(state.params, "params."), **flat(state.batch_stats, "batch_stats.")}
moments = flat(state.opt_state[0].nu, "params.")
with ocp.CheckpointManager(TEMPORARY / "manager") as manager:
    manager.save(30, args=ocp.args.StandardSave(state), metrics={"loss": 0.5})
with ocp.CheckpointManager(TEMPORARY / "items", item_names=("state", "notes")) as manager:
    manager.save(31, args=ocp.args.Composite(
        state=ocp.args.StandardSave(state), notes=ocp.args.JsonSave({"a": 1})))
move("manager/30", "30")
keep("30", "orbax", weights, 30, moments)
move("items/31", "31")
keep("31", "orbax", weights, 31, moments)

for step, ocdbt, zarr3 in [(32, False, False), (33, False, True), (34, True, True)]:
    handler = ocp.PyTreeCheckpointHandler(use_ocdbt=ocdbt, use_zarr3=zarr3)
    with ocp.Checkpointer(handler) as saver:
        saver.save(TEMPORARY / f"plain/{step}", state)
    move(f"plain/{step}", str(step))
    keep(str(step), "orbax", weights, step, moments)

# Cut among devices along both axes, several types, values beyond what a node holds, fill values.
mesh = jax.sharding.Mesh(np.array(jax.devices()).reshape(2, 2), ("a", "b"))
names = jax.sharding.PartitionSpec
cut = {
    "both": jax.device_put(rng.standard_normal((8, 6)).astype("f4"), jax.sharding.NamedSharding(mesh, names("a", "b"))),
    "rows": jax.device_put(rng.standard_normal((64, 16)).astype("f4"), jax.sharding.NamedSharding(mesh, names(("a", "b")))),
    "columns": jax.device_put(rng.standard_normal((4, 8, 3)).astype("f4"), jax.sharding.NamedSharding(mesh, names(None, "b"))),
    "bf16": jnp.asarray(rng.standard_normal((3, 4)), jnp.bfloat16), "f16": jnp.asarray(rng.standard_normal(7), jnp.float16),
    "f8": jnp.asarray(rng.standard_normal((2, 5)), jnp.float8_e4m3fn), "f64": rng.standard_normal((2, 2)),
    "i8": np.arange(-3, 4, dtype="i1"), "u16": np.arange(6, dtype="u2"), "bool": np.array([True, False, True]),
    "scalar": np.float32(2.5), "zeros": np.zeros((5, 5), "f4"),
    "large": rng.standard_normal((40, 33)).astype("f4"),
    "nested": {"a/b": np.ones((2, 3), "f4"), "list": [np.full(3, 7, "f4"), np.full(2, 8, "f4")]},
}
for name, ocdbt, zarr3 in [("cut_ocdbt", True, False), ("cut_zarr3", True, True), ("cut_folders", False, False)]:
    handler = ocp.PyTreeCheckpointHandler(use_ocdbt=ocdbt, use_zarr3=zarr3)
    with ocp.Checkpointer(handler) as saver:
        saver.save(TEMPORARY / name, args=ocp.args.PyTreeSave(cut, save_args=jax.tree.map(
            lambda a: ocp.SaveArgs(chunk_byte_size=None if a.size > 1200 else 512), cut)))
    move(name, name)
    keep(name, "orbax", {n: a.astype("f4") if a.dtype.name.startswith(("bfloat", "float8")) else a
                         for n, a in flat(cut).items()})

# A module of Flax' newer interface and its optimizer.
model = nnx.Sequential(nnx.Linear(4, 5, rngs=nnx.Rngs(0)), nnx.BatchNorm(5, rngs=nnx.Rngs(1)), nnx.Linear(5, 2, rngs=nnx.Rngs(2)))
optimizer = nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)
for _ in range(2):
    optimizer.update(model, nnx.grad(lambda m: (m(x) ** 2).sum())(model))
whole = {"model": nnx.state(model), "optimizer": nnx.state(optimizer)}
with ocp.StandardCheckpointer() as saver:
    saver.save(TEMPORARY / "nnx", whole)
move("nnx", "nnx")
pure = flat({"model": nnx.to_pure_dict(whole["model"]), "optimizer": nnx.to_pure_dict(whole["optimizer"])})
keep("nnx", "orbax", {f"{n}.value": a for n, a in pure.items() if n.startswith("model.")}, 2,
     {f"model.{n.removeprefix('optimizer.opt_state.0.nu.')}.value": a for n, a in pure.items() if ".nu." in n})

# A tree of several levels, an array that no process has written all of, one that is compressed otherwise.
memory = ts.Context()
found = {}
for i in range(40):
    found[f"params.layer_{i:02}.kernel"] = rng.standard_normal((6, 7)).astype("f4")
found["params.gzip.kernel"] = rng.standard_normal((9, 4)).astype(">f4")
found["params.holes.kernel"] = np.full((9, 9), 1.5, "f8")
found["params.holes.kernel"][:3, 3:6] = rng.standard_normal((3, 3))
for name, array in found.items():
    other = {"gzip": {"id": "gzip", "level": 3}}.get(name.split(".")[1], {"id": "zstd", "level": 1})
    made = ts.open({"driver": "zarr", "kvstore": f"memory://{name}/", "create": True,
                    "metadata": {"shape": list(array.shape), "chunks": [3, 3], "dtype": array.dtype.str,
                                 "compressor": other, "fill_value": 1.5 if "holes" in name else None,
                                 "dimension_separator": "/"}}, context=memory).result()
    if "holes" in name:
        made[:3, 3:6] = array[:3, 3:6]
    else:
        made.write(array).result()
source = ts.KvStore.open("memory://", context=memory).result()
target = ts.KvStore.open({
    "driver": "ocdbt", "base": f"file://{TEMPORARY}/levels/",
    "config": {"max_decoded_node_bytes": 600, "max_inline_value_bytes": 100, "uuid": "0" * 32}}).result()
with ts.Transaction() as transaction:
    for key in source.list().result():
        target.with_transaction(transaction)[key] = source[key]
move("levels", "levels")
keep("levels", "orbax", found)
