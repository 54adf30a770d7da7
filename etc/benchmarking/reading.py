"""A checkpoint to a report against a Python script; reading a file against `cp` to /dev/null."""
import os
import pathlib
import subprocess
import sys

import yaml

from timing import alternate, seconds, value


def small_report(recorded, program, rounds):
    """`probe` of a recorded mnist1d checkpoint, and report.py of the same, both as whole processes."""
    checkpoint = recorded / "checkpoints/epoch_004.pt"
    script = pathlib.Path(__file__).with_name("report.py")
    outputs = []

    def theirs():
        def run():
            outputs.append(subprocess.run(
                [sys.executable, script, checkpoint, recorded / "probe/batch.npz"], check=True,
                capture_output=True).stdout)
        return seconds(run)

    reports = []

    def ours():
        report, taken = program.probe(checkpoint, "--probe", recorded / "probe")
        reports.append(report)
        return taken

    ours(), theirs()
    taken = alternate({"ours": ours, "python": theirs}, rounds)
    script_report, information = yaml.safe_load(outputs[-1]), reports[-1]["information"]
    return {
        "seconds": {name: round(s, 4) for name, s in taken.items()},
        "ratio": round(taken["ours"] / taken["python"], 4),
        "fisher_trace": {"ours": value(information["fisher_trace"]), "python": script_report["fisher_trace"]},
        "information_bits": {
            "ours": value(information["information_bits"]), "python": script_report["information_bits"]},
    }


def forget(path):
    """Drops the file's clean pages from the cache."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def tensors(path, program, rounds):
    """`inspect`, which reads, sums and hashes every tensor; from the disk and from the cache."""
    result = {"file_bytes": path.stat().st_size}
    rivals = {
        "ours": lambda: program("inspect", path)[1],
        "cp": lambda: seconds(lambda: subprocess.run(["cp", path, "/dev/null"], check=True))}
    for state in ("cached", "from_disk"):
        def turn(rival):
            if state == "from_disk":
                forget(path)
            return rival()
        turn(rivals["ours"])
        taken = alternate({name: (lambda r=rival: turn(r)) for name, rival in rivals.items()}, rounds)
        result[state] = {**{name: round(s, 4) for name, s in taken.items()},
                         "ratio": round(taken["ours"] / taken["cp"], 2)}
    return result
