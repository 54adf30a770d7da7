"""NumPy's archives, by numpy 2.4."""
import pathlib
import sys

import numpy as np

FOLDER = pathlib.Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))
from facts import keeper

keep = keeper(FOLDER)
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
