"""Timing: rivals take turns, so that a slow moment of the machine hits all of them."""
import statistics
import subprocess
import time

import yaml


def seconds(body, repeats=1):
    """Median wall-clock seconds of `repeats` calls."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        body()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def alternate(rivals, rounds):
    """Calls every rival in turn, `rounds` times; a rival returns its seconds. The medians by name."""
    taken = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, rival in rivals.items():
            taken[name].append(rival())
    return {name: statistics.median(values) for name, values in taken.items()}


class Program:
    """plasticityd as a process: what it prints, and its wall-clock time."""

    def __init__(self, binary, threads):
        self.binary, self.threads = binary, threads

    def __call__(self, *arguments):
        start = time.perf_counter()
        process = subprocess.Popen(
            [self.binary, *map(str, arguments)], stdout=subprocess.PIPE)
        output = process.stdout.read()
        process.stdout.close()
        process.wait()
        taken = time.perf_counter() - start
        if process.returncode != 0:
            raise SystemExit(f"etc/bench: {arguments}: ended with {process.returncode}")
        return output, taken

    def probe(self, checkpoint, *arguments):
        """(report, seconds of the process)."""
        output, taken = self("probe", checkpoint, *arguments, "--threads", self.threads)
        return yaml.load(output, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), taken

    def trace(self, case, repeat, *arguments):
        """Only the Fisher trace, one score per example: as `probe`."""
        return self.probe(
            case.checkpoint, "--probe", case.probe, "--labels", "sampled", "--draws", 1,
            "--only", "trace", "--repeat", repeat, *arguments)


def value(quantity):
    """The number of a report's plain scalar or {value, standard_error}."""
    return quantity["value"] if isinstance(quantity, dict) else quantity
