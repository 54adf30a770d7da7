"""What the writers' own libraries read back, kept beside the fixtures in expected.json."""
import json
import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).parent


def norm(array):
    return float(np.sqrt((np.asarray(array).astype("f8") ** 2).sum()))


def tensors(arrays):
    return [{"name": n, "shape": list(np.shape(a)), "norm": norm(a)} for n, a in arrays.items()]


def keep(name, format, arrays, step=None, moments=None):
    path = FOLDER / "expected.json"
    expected = json.loads(path.read_text()) if path.exists() else {}
    expected[name] = {"format": format, "tensors": tensors(arrays), "step": step,
                      "moments": {n: norm(a) for n, a in (moments or {}).items()}}
    path.write_text(json.dumps(expected, indent=0, sort_keys=True) + "\n")
