"""Bundles, by tensorflow 2.21.0, keras 3.15.1 and tf_keras 2.21.0: one process a fixture, since each needs
its own generation of Keras."""
import os
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).parent
if len(sys.argv) < 2:
    for mode in ["keras3", "keras2", "slots", "module", "v1", "sharded", "saved_model", "snappy"]:
        subprocess.run([sys.executable, __file__, mode], check=True)
    sys.exit()
mode = sys.argv[1]
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", TF_DETERMINISTIC_OPS="1")
if mode in ("keras2", "slots"):
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
import numpy as np
import tensorflow as tf

sys.path.insert(0, str(FOLDER.parent))
from facts import keeper

keep = keeper(FOLDER)
tf.keras.utils.set_random_seed(1)
rng = np.random.default_rng(1)
SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
x, y = rng.standard_normal((20, 4)).astype("f4"), rng.standard_normal((20, 3)).astype("f4")


def values(prefix):
    reader = tf.train.load_checkpoint(str(prefix))
    kinds = reader.get_variable_to_dtype_map()
    return {n: reader.get_tensor(n) for n in sorted(kinds) if kinds[n] != tf.string}


def network():
    layers = tf.keras.layers
    return tf.keras.Sequential([
        layers.Input((4,)), layers.Dense(6, activation="relu"), layers.BatchNormalization(),
        layers.Dense(6), layers.Dense(3)])


def trained(optimizer):
    model = network()
    model.compile(optimizer, "mse")
    model.fit(x, y, batch_size=5, verbose=0)
    return model


def v1():
    """The Saver of TensorFlow 1, with a partitioned variable."""
    old = tf.compat.v1
    old.disable_eager_execution()
    old.set_random_seed(1)
    with old.variable_scope("net", partitioner=old.fixed_size_partitioner(3)):
        w = old.get_variable("w", [7, 4], use_resource=True)
    b = old.get_variable("b", [7])
    step = old.train.get_or_create_global_step()
    loss = tf.reduce_mean((tf.matmul(tf.constant(x), tf.convert_to_tensor(w), transpose_b=True) + b) ** 2)
    train = old.train.AdamOptimizer(0.01).minimize(loss, global_step=step)
    with old.Session() as session:
        session.run(old.global_variables_initializer())
        for _ in range(3):
            session.run(train)
        old.train.Saver().save(session, str(FOLDER / "model.ckpt"), global_step=step, write_meta_graph=False)
    found = values(FOLDER / "model.ckpt-3")
    keep("model.ckpt-3.index", "tensorflow-bundle", {n: found[n] for n in ["b", "net/w"]}, 3,
         {n: found[f"{n}/Adam_1"] for n in ["b", "net/w"]})


def module():
    """Plain variables of several types, without an optimizer."""
    types = ["float64", "float16", "bfloat16", "int8", "int16", "uint8", "uint16", "uint32", "uint64", "bool"]
    m = tf.Module()
    m.parts = [tf.Variable(tf.cast(rng.integers(0, 2, 5), t)) for t in types]
    m.deep = {"a.b": tf.Variable(rng.standard_normal((2, 3))), "c/d": tf.Variable(3.5)}
    m.empty = tf.Variable(tf.zeros([0, 3]))
    prefix = tf.train.Checkpoint(net=m).save(str(FOLDER / "module"))
    found = values(prefix)
    keep("module-1.index", "tensorflow-bundle",
         {n.removesuffix(SUFFIX): a for n, a in found.items() if n != "save_counter" + SUFFIX}, 1)


def sharded():
    """Two data files, put together from one bundle each."""
    parts = []
    for part in range(2):
        m = tf.Module()
        m.w = tf.Variable(rng.standard_normal((3, 2 + part)).astype("f4"))
        parts.append(m)
    prefixes = []
    for part, m in enumerate(parts):
        prefix = str(FOLDER / f"part{part}")
        tf.raw_ops.SaveV2(prefix=prefix, tensor_names=[f"m{part}/w"], shape_and_slices=[""], tensors=[m.w.read_value()])
        prefixes.append(prefix)
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=prefixes, destination_prefix=str(FOLDER / "two_parts_9"),
                                  delete_old_dirs=False)
    keep("two_parts_9.index", "tensorflow-bundle", values(FOLDER / "two_parts_9"))


def keras3():
    model = trained("adam")
    tf.train.Checkpoint(step=tf.Variable(77, dtype=tf.int64), model=model, optimizer=model.optimizer).save(
        str(FOLDER / "keras3"))
    found = values(FOLDER / "keras3-1")
    names = [f"model/_functional/_operations/{i}/{n}" for i, pair in
             [(1, ("_kernel", "bias")), (2, ("gamma", "beta")), (3, ("_kernel", "bias")), (4, ("_kernel", "bias"))]
             for n in pair]
    weights = {n: found[f"optimizer/_trainable_variables/{i}{SUFFIX}"] for i, n in enumerate(names)}
    moments = {n: found[f"optimizer/_variables/{3 + 2 * i}{SUFFIX}"] for i, n in enumerate(names)}
    for leaf in ["moving_mean", "moving_variance"]:
        name = f"model/_functional/_operations/2/{leaf}"
        weights[name] = found[name + SUFFIX]
    keep("keras3-1.index", "tensorflow-bundle", weights, 77, moments)


def older(name, optimizer, moment):
    model = trained(optimizer)
    tf.train.Checkpoint(model=model, optimizer=model.optimizer).save(str(FOLDER / name))
    found = values(FOLDER / f"{name}-1")
    weights = {n.removesuffix(SUFFIX): a for n, a in found.items()
               if n.startswith("model/") and "OPTIMIZER" not in n}
    order = [f"model/layer_with_weights-{i}/{n}" for i, pair in
             [(0, ("kernel", "bias")), (1, ("gamma", "beta")), (2, ("kernel", "bias")), (3, ("kernel", "bias"))]
             for n in pair]
    keep(f"{name}-1.index", "tensorflow-bundle", weights, 4,
         {n: found[moment(i, n) + SUFFIX] for i, n in enumerate(order)})


def keras2():
    older("keras2", "adam", lambda i, n: f"optimizer/_variables/{2 + 2 * i}")


def slots():
    older("slots", tf.keras.optimizers.legacy.Adam(0.01), lambda i, n: f"{n}/.OPTIMIZER_SLOT/optimizer/v")


def saved_model():
    m = tf.Module()
    m.w = tf.Variable(rng.standard_normal((3, 2)).astype("f4"))
    tf.saved_model.save(m, str(FOLDER / "saved_model"))
    (FOLDER / "saved_model/fingerprint.pb").unlink()
    (FOLDER / "saved_model/assets").rmdir()
    found = values(FOLDER / "saved_model/variables/variables")
    keep("saved_model", "tensorflow-bundle", {n.removesuffix(SUFFIX): a for n, a in found.items()})


def snappy():
    """The checkpoint of `v1`, its index compressed as TensorFlow 1 did: today's writer does not. The blocks are
    compressed by cramjam 2.14.0, which has Google's format from its Rust implementation."""
    import shutil
    from cramjam import snappy as compressor
    from table import rewritten

    index = rewritten((FOLDER / "model.ckpt-3.index").read_bytes(), lambda block: bytes(compressor.compress_raw(block)))
    (FOLDER / "snappy-3.index").write_bytes(index)
    shutil.copy(FOLDER / "model.ckpt-3.data-00000-of-00001", FOLDER / "snappy-3.data-00000-of-00001")
    found = values(FOLDER / "snappy-3")
    keep("snappy-3.index", "tensorflow-bundle", {n: found[n] for n in ["b", "net/w"]}, 3,
         {n: found[f"{n}/Adam_1"] for n in ["b", "net/w"]})


globals()[mode]()
(FOLDER / "checkpoint").unlink(missing_ok=True)
