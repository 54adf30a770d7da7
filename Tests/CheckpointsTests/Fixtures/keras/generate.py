"""Keras 3.15.1 on jax and h5py 3.14.0: a trained model in all three layouts, and HDF5's own features."""
import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "jax"
import h5py
import keras
import ml_dtypes
import numpy as np

FOLDER = pathlib.Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))
from facts import keeper
from datasets import datasets

keep = keeper(FOLDER)
keras.utils.set_random_seed(0)
layers = keras.layers
model = keras.Sequential([
    layers.Input((6, 6, 1)), layers.Conv2D(3, 3), layers.BatchNormalization(), layers.Flatten(),
    layers.Dense(5, activation="relu"), layers.Dropout(0.1), layers.Dense(5), layers.Dense(3)])
model.compile("adam", loss="mse")
x = np.random.randn(32, 6, 6, 1).astype("f4")
model.fit(x, np.random.randn(32, 3).astype("f4"), batch_size=8, epochs=2, verbose=0)
model.save(FOLDER / "model.keras")
model.save_weights(FOLDER / "model.weights.h5")
model.save(FOLDER / "legacy.h5")

velocities = [v.numpy() if hasattr(v, "numpy") else np.asarray(v) for v in model.optimizer._velocities]
trainable = [v.path for v in model.trainable_variables]


new = datasets(FOLDER / "model.weights.h5", "optimizer")
keys = {}
for layer in ["conv2d", "batch_normalization", "dense", "dense_1", "dense_2"]:
    for i in range(2):
        keys[len(keys)] = f"layers/{layer}/vars/{i}"
moments = {keys[i]: v for i, v in enumerate(velocities)}
keep("model.keras", "keras", new, 8, moments)
keep("model.weights.h5", "keras-weights", new, 8, moments)
old = datasets(FOLDER / "legacy.h5", "optimizer_weights")
keep("legacy.h5", "keras-legacy", old, 8,
     {f"model_weights/{p.split('/')[1]}/{p}": v for p, v in zip(trainable, velocities)})


# Optimizers that keep more than their moments, and weights in several files.
def small(name, optimizer):
    keras.backend.clear_session()
    model = keras.Sequential([
        layers.Input((4,)), layers.Dense(6), layers.BatchNormalization(), layers.Dense(6), layers.Dense(3)])
    model.compile(optimizer, loss="mse")
    model.fit(np.random.randn(32, 4).astype("f4"), np.random.randn(32, 3).astype("f4"), batch_size=8, verbose=0)
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    moments = dict(zip([f"layers/{layer}/vars/{i}" for layer in ["dense", "batch_normalization", "dense_1", "dense_2"]
                        for i in range(2)], [np.asarray(v) for v in inner._velocities]))
    # The file itself says how many batches there were.
    step = int(np.asarray(inner.iterations if name.endswith(".keras") else inner._iterations))
    if name.endswith(".json"):
        model.save_weights(FOLDER / name, max_shard_size=2e-7)
        found = {}
        for part in FOLDER.glob(f"{name.removesuffix('.weights.json')}_*.weights.h5"):
            found.update(datasets(part, "optimizer"))
        return keep(name, "keras-weights", found, step, moments)
    if name.endswith(".keras"):
        model.save(FOLDER / name)
        model.save_weights(FOLDER / "of_archive.weights.h5")
        found = datasets(FOLDER / "of_archive.weights.h5", "optimizer")
        (FOLDER / "of_archive.weights.h5").unlink()
        return keep(name, "keras", found, step, moments)
    model.save_weights(FOLDER / name)
    keep(name, "keras-weights", datasets(FOLDER / name, "optimizer"), step, moments)


small("averaged.keras", keras.optimizers.Adam(use_ema=True))
small("averaged.weights.h5", keras.optimizers.AdamW(use_ema=True))
small("summed.weights.h5", keras.optimizers.Adam(gradient_accumulation_steps=2))
small("all_lists.keras", keras.optimizers.AdamW(use_ema=True, gradient_accumulation_steps=2, amsgrad=True))
small("scaled.keras", keras.optimizers.LossScaleOptimizer(keras.optimizers.RMSprop(momentum=0.9)))
small("scaled.weights.h5", keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()))
small("parts.weights.json", keras.optimizers.Adam())


def unusual(file, x):
    """Chunks in a row without an index, and an index of several pages."""
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_chunk((4, 4))
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    h5py.h5d.create(file.id, b"early", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((10, 7)), early)
    file["early"][:] = x[:10, :7]
    file.create_dataset("paged", data=np.arange(1100, dtype="f4"), chunks=(1,))


def fill(file, version):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((19, 13)).astype("f4")
    file["f8le"] = rng.standard_normal((3, 4))
    file["f8be"] = rng.standard_normal((3, 4)).astype(">f8")
    file["f4be"] = rng.standard_normal(5).astype(">f4")
    file["f2"] = rng.standard_normal((2, 3)).astype("f2")
    file["i1"] = np.arange(-3, 3, dtype="i1")
    file["u2be"] = np.arange(7, dtype=">u2")
    file["i8be"] = np.arange(-2, 7, dtype=">i8")
    file["bool"] = np.array([True, False, True])
    file["scalar"] = np.float32(2.5)
    file["empty"] = np.zeros((0, 3), "f4")
    opaque = file.create_dataset("bfloat16", data=x[0].astype(ml_dtypes.bfloat16))
    opaque.attrs["dtype"] = "bfloat16"
    file.create_dataset("gzip", data=x, chunks=(8, 5), compression="gzip")
    file.create_dataset("all", data=x, chunks=(8, 5), compression="gzip", shuffle=True, fletcher32=True)
    file.create_dataset("fletcher", data=x, chunks=(8, 5), fletcher32=True)
    file.create_dataset("plain", data=x, chunks=(5, 13))
    file.create_dataset("one", data=x, chunks=x.shape)
    file.create_dataset("one_gzip", data=x, chunks=x.shape, compression="gzip")
    grown = file.create_dataset("grown", shape=(4, 4), maxshape=(None, 4), chunks=(1, 4), dtype="f4")
    grown[:] = x[:4, :4]
    grown.resize((90, 4))
    grown[80:] = x[:10, :4]
    wide = file.create_dataset("grown_both", shape=(9, 4), maxshape=(None, None), chunks=(2, 2), dtype="f4")
    wide[:] = x[:9, :4]
    if version == "latest":
        unusual(file, x)
    file.create_dataset("filled", shape=(6, 6), dtype="f4", fillvalue=1.5, chunks=(2, 6))[0] = 3
    file.create_dataset("never", shape=(6, 6), dtype="f4", fillvalue=1.5)
    tracked = file.create_group("tracked", track_order=True)
    for i in range(40):
        tracked[f"w{i}"] = np.float32(i)


for version in ["earliest", "latest"]:
    with h5py.File(FOLDER / f"{version}.h5", "w", libver=version) as file:
        fill(file, version)
    found = datasets(FOLDER / f"{version}.h5", "-")
    found["bfloat16"] = found["bfloat16"].view(ml_dtypes.bfloat16)
    keep(f"{version}.h5", "hdf5", found)
