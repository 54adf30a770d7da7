"""Chunks that are counted in a grid larger than their dataset, or stored without filters at its edges, by
h5py: 3.14.0 (HDF5 1.14.6) writes `limits.h5`, 3.16.0 (HDF5 2.0.0) the same as `layout_5.h5`, whose layout
messages are of version 5."""
import ctypes
import pathlib
import sys

import h5py
import numpy as np

FOLDER = pathlib.Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))
from facts import keeper

keep = keeper(FOLDER)
rng = np.random.default_rng(2)
x = rng.standard_normal((23, 17)).astype("f4")
name = "layout_5.h5" if h5py.version.hdf5_version.startswith("2.") else "limits.h5"
with h5py.File(FOLDER / name, "w", libver="latest") as file:
    def write(key, maxshape, **options):
        file.create_dataset(key, data=x, maxshape=maxshape, chunks=(4, 6), **options)

    # Fixed arrays; extensible ones, whose unlimited axis comes first wherever it stands; B-trees.
    write("fixed", (50, 40))
    write("fixed_gzip", (50, 40), compression="gzip", shuffle=True)
    write("fixed_exact", (23, 17), compression="gzip")
    write("first", (None, 40))
    write("last", (40, None))
    write("last_gzip", (40, None), compression="gzip", fletcher32=True)
    write("both", (None, None), compression="gzip")
    file.create_dataset("single", data=x, chunks=x.shape, compression="gzip")
    file.create_dataset("cube", data=x[:18].reshape(2, 9, 17), maxshape=(4, None, 30), chunks=(1, 4, 5))
    file.create_dataset("paged", data=np.arange(2200, dtype="f4").reshape(1100, 2), maxshape=(1300, 9), chunks=(1, 2))
    # In a row, without an index.
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_chunk((4, 6))
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    h5py.h5d.create(file.id, b"early", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((23, 17), (24, 40)), early)
    file["early"][:] = x
    # H5Pset_chunk_opts is not among what h5py wraps; 2: H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS.
    edges = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    edges.set_chunk((4, 6))
    edges.set_deflate(4)
    maps = pathlib.Path("/proc/self/maps").read_text().split()
    library = ctypes.CDLL(next(word for word in maps if "/libhdf5-" in word))
    library.H5Pset_chunk_opts.argtypes = [ctypes.c_int64, ctypes.c_uint]
    assert library.H5Pset_chunk_opts(edges.id, 2) == 0
    h5py.h5d.create(file.id, b"edges", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((23, 17), (50, 40)), edges)
    file["edges"][:] = x
with h5py.File(FOLDER / name) as file:
    keep(name, "hdf5", {key: file[key][()] for key in sorted(file)})
