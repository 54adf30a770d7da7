"""Arrays that are read beside some that are not, and counters, by numpy 2.4."""
import pathlib
import sys

import numpy as np

FOLDER = pathlib.Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))
from facts import keeper

keep = keeper(FOLDER)
rng = np.random.default_rng(6)
arrays = {"layer1.weight": rng.standard_normal((5, 7)).astype("f4"), "layer1.bias": rng.standard_normal(5)}
counters = {"epoch": np.array(3), "global_step": np.array(55), "lr": np.array(0.125)}
left_out = {
    "complex": np.ones(3, "c8"), "dates": np.array(["2026-01-01"], "M8[D]"), "text": np.array(["a"]),
    "records": np.zeros(2, [("a", "i4"), ("b", "f8")]), "objects": np.array([{}], object), "long": np.ones(2, "longdouble"),
}
np.savez(FOLDER / "mixed.npz", **arrays, **counters, **left_out)
np.savez_compressed(FOLDER / "mixed_compressed.npz", **arrays, **counters, **left_out)
for name in ["mixed.npz", "mixed_compressed.npz"]:
    keep(name, "npz", {**arrays, **counters}, 55, left_out=sorted(left_out), learning_rate=0.125)
