"""The weights-only report of a GPT-2 checkpoint against WeightWatcher, and how closely they agree."""
import contextlib
import io
import logging
import statistics
import warnings

import torch

import networks
from timing import alternate, seconds, value

MEBIBYTE = 1 << 20


def measure(folder, program, rounds):
    import weightwatcher

    logging.getLogger("weightwatcher").setLevel(logging.ERROR)
    torch.manual_seed(0)
    model = networks.heavy_tailed(networks.gpt2())
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "gpt-2-heavy-tailed.pt"
    torch.save(model.state_dict(), checkpoint)
    details, reports = [], []

    def theirs():
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), \
                contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            watcher = weightwatcher.WeightWatcher(model=model)
            return seconds(lambda: details.append(watcher.analyze()))

    def ours():
        report, taken = program.probe(checkpoint)
        reports.append(report)
        return taken

    ours()
    # Theirs takes a minute or more: once is enough of it, with ours before and after.
    taken = alternate({"ours": ours, "weightwatcher": theirs}, max(1, rounds // 3))
    again = statistics.median([taken["ours"], *(ours() for _ in range(rounds))])
    largest = max(p.numel() for p in model.parameters()) * 4
    return {
        "file_bytes": checkpoint.stat().st_size,
        "seconds": {"ours": round(again, 3), "weightwatcher_analyze": round(taken["weightwatcher"], 2)},
        "ratio": round(again / taken["weightwatcher"], 5),
        "peak_bytes": max(report["took"]["peak_memory_bytes"] for report in reports), "bound_bytes": 4 * largest + 64 * MEBIBYTE,
        "agreement": agreement(reports[-1], details[-1]),
    }


def agreement(report, details):
    """The largest and the median relative difference of each quantity, over the layers of both."""
    spectra = {l["name"]: l["spectrum"] for l in report["layers"] if l.get("spectrum")}
    rows = {row.longname: row for row in details.itertuples() if row.longname in spectra}
    pairs = {
        "alpha": lambda row: row.alpha, "stable_rank": lambda row: row.stable_rank,
        "spectral_norm": lambda row: row.sv_max, "frobenius_norm": lambda row: row.norm ** 0.5}
    result = {"layers": len(rows), "only_ours": sorted(set(spectra) - set(rows))}
    for quantity, theirs in pairs.items():
        differences = [
            abs(value(spectra[name][quantity]) / theirs(row) - 1) for name, row in rows.items()]
        result[quantity] = {
            "largest_relative_difference": float(f"{max(differences):.2g}"),
            "median": float(f"{statistics.median(differences):.2g}")}
    return result
