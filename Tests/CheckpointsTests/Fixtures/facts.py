"""What the writers' own libraries read back, kept beside the fixtures in expected.json."""
import json

import numpy as np


def norm(array):
    return float(np.sqrt((np.asarray(array).astype("f8") ** 2).sum()))


def tensors(arrays):
    return [{"name": n, "shape": list(np.shape(a)), "norm": norm(a)} for n, a in arrays.items()]


def keeper(folder):
    """A function that keeps the facts of one fixture in a folder."""

    def keep(name, format, arrays, step=None, moments=None, **more):
        path = folder / "expected.json"
        expected = json.loads(path.read_text()) if path.exists() else {}
        expected[name] = {"format": format, "tensors": tensors(arrays), "step": step,
                          "moments": {n: norm(a) for n, a in (moments or {}).items()}, **more}
        path.write_text(json.dumps(expected, indent=0, sort_keys=True) + "\n")

    return keep
