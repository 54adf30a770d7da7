#!/usr/bin/env python3
"""Gathers the inputs that fuzzing begins with, one folder a parser: the hostile corpus, and small fixtures.

  seeds.py HOSTILE-CORPUS FOLDER
"""
import pathlib, shutil, subprocess, sys, tempfile, zipfile

repository = pathlib.Path(__file__).resolve().parent.parent.parent
corpus, seeds = sys.argv[1], pathlib.Path(sys.argv[2])
largest = 64 << 10

# Which files a parser is fed with, by their names' ends.
endings = {
    "safetensors": (".safetensors",), "zip": (".pt", ".pth", ".ckpt"),
    "metadata": (".metadata",), "hdf5": (".h5",), "keras": (".keras",), "gguf": (".gguf",),
    "msgpack": (".msgpack",), "npz": (".npz",),
    "npy": (".npy",), "yaml": (".yaml",), "onnx": (".onnx",), "index": (".index.json",),
    "state": ("trainer_state.json",), "bundle": (".index",), "zarr": (".zarray", "zarr.json"),
}


def keep(target, name, content):
    if len(content) <= largest:
        folder = seeds / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def take(path, name):
    if path.is_symlink() or not path.is_file() or path.stat().st_size > largest:
        return
    content = path.read_bytes()
    for target, ends in endings.items():
        if path.name.endswith(ends):
            keep(target, name, content)
    # What stands between the frames of a tree of keys, where it is not compressed.
    for target, mark in (("ocdbt-manifest", b"\x0c\xdb\x3a\x2a"), ("ocdbt-node", b"\x0c\xdb\x20\xde")):
        if content[:4] == mark and content[12:14] == b"\0\0":
            keep(target, name, content[14:-4])
    at = content.find(b"\x28\xb5\x2f\xfd")
    if at >= 0:
        keep("zstd", name, content[at:])
    if path.name.endswith(".index"):
        # Pieces of both are found by the fuzzer itself.
        keep("bundle-entries", name, content)
        keep("bundle-snappy", name, content)
        data = path.with_name(f"{path.name[:-6]}.data-00000-of-00001")
        found = data.read_bytes().find(b"\x0a") if data.is_file() else -1
        if found >= 0:
            keep("bundle-graph", name, data.read_bytes()[found:])
    if content[2:9] == b"\x8a\x0a\x6c\xfc\x9c\x46\xf9":
        keep("legacy", name, content)
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                for record in archive.namelist():
                    if record.endswith("/data.pkl"):
                        keep("pickle", name, archive.read(record))
                    elif record.endswith(".npy"):
                        keep("npy", f"{name}-{record.replace('/', '-')}", archive.read(record))
        except Exception:
            pass  # many are made so that they cannot be read


with tempfile.TemporaryDirectory() as folder:
    subprocess.run([corpus, folder], check=True, stdout=subprocess.DEVNULL)
    for path in sorted(pathlib.Path(folder).rglob("*")):
        take(path, "-".join(path.relative_to(folder).parts))
for path in sorted((repository / "Tests").rglob("Fixtures/**/*")):
    take(path, "-".join(path.relative_to(repository / "Tests").parts))
take(repository / "etc/config.yaml", "config.yaml")
worker = pathlib.Path(corpus).parent / "plasticityd"
for path in sorted((repository / "Tests/CheckpointsTests/Fixtures").glob("*.*")):
    said = subprocess.run([worker, "probe", path, "--kept"], capture_output=True) if worker.exists() else None
    if said and said.returncode == 0:
        keep("worker-report", f"{path.name}.yaml", said.stdout)
