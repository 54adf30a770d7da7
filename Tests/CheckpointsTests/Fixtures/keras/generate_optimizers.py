"""Optimizers whose files need more than their names: Keras 3.15.1's scaled loss in a legacy file and Nadam,
and tf_keras 2.21.0, which calls its own `Custom>Adam`. One process per generation of Keras."""
import os
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).parent
if len(sys.argv) < 2:
    for mode in ["3", "2"]:
        subprocess.run([sys.executable, __file__, mode], check=True)
    sys.exit()
os.environ.update(KERAS_BACKEND="jax", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
sys.path.insert(0, str(FOLDER.parent))
import numpy as np

from facts import keeper
from datasets import datasets

if sys.argv[1] == "2":
    import tf_keras as keras
else:
    import keras
keep = keeper(FOLDER)
keras.utils.set_random_seed(3)
rng = np.random.default_rng(3)


def trained(optimizer):
    layers = keras.layers
    model = keras.Sequential([layers.Input((4,)), layers.Dense(5, activation="relu"), layers.Dense(5), layers.Dense(3)])
    model.compile(optimizer, loss="mse")
    model.fit(rng.standard_normal((20, 4)).astype("f4"), rng.standard_normal((20, 3)).astype("f4"), batch_size=5, verbose=0)
    return model


def legacy(name, optimizer, velocities, rate):
    model = trained(optimizer)
    model.save(FOLDER / name)
    found = datasets(FOLDER / name, "optimizer_weights")
    names = [f"model_weights/{layer.name}/{w.path if hasattr(w, 'path') else w.name}"
             for layer in model.layers for w in layer.trainable_weights]
    keep(name, "keras-legacy", found, 4,
         {n: np.asarray(v) for n, v in zip(names, velocities())}, learning_rate=rate)


if sys.argv[1] == "2":
    adam = keras.optimizers.Adam(2e-3)
    legacy("custom_adam.h5", adam, lambda: adam._velocities, 2e-3)
    rms = keras.optimizers.RMSprop(2e-3, momentum=0.9, centered=True)
    legacy("custom_rmsprop.h5", rms, lambda: rms._velocities, 2e-3)
else:
    inner = keras.optimizers.Adam(2e-3)
    legacy("scaled_legacy.h5", keras.optimizers.LossScaleOptimizer(inner), lambda: inner._velocities, 2e-3)
    nadam = keras.optimizers.Nadam(2e-3)
    model = trained(nadam)
    model.save_weights(FOLDER / "nadam.weights.h5")
    names = [f"layers/{layer}/vars/{i}" for layer in ["dense", "dense_1", "dense_2"] for i in range(2)]
    keras.backend.clear_session()
    keep("nadam.weights.h5", "keras-weights", datasets(FOLDER / "nadam.weights.h5", "optimizer"), 4,
         dict(zip(names, [np.asarray(v) for v in nadam._velocities])), learning_rate=2e-3)
