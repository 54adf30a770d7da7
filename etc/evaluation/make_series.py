#!/usr/bin/env python3
"""Makes the labelled series in this folder: NAME/series.json and NAME/label.json for each line of runs.txt.

    python3 etc/evaluation/make_series.py [--work FOLDER] [--plasticityd BINARY] [NAME …]

Each line is one deficit experiment (probes/deficit/deficit.py): three seeds or more, a clean run and
eleven windows or more of twenty epochs each, minutes on one core. series.json is the clean run of the
first seed, with the exact Fisher trace of every tensor; label.json holds the curve and the end that
`plasticityd sensitivity` reads off it; end_epoch is null where there is none, with the reason. Needs
torch, numpy, onnx and pyyaml; mnist1d_sets.py, the package mnist1d. What is finished in the work folder
is not trained again.
"""

import argparse
import itertools
import json
import os
import pathlib
import shlex
import subprocess
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WINDOWS = "0,3,6,9,12,16,20,25,30,40,60"

# What the definition demands of runs that have no end of their own to be compared with.
EXPECTED = {
    "finetuned": ("ended-before", "it starts past its first peak, and no window leaves a lasting mark: the "
                  "end lies before the first checkpoint"),
    "second-task": ("ended-before", "ten new classes of the same kind of signal: no window of blur leaves a "
                    "lasting mark, because what it spoils was learned in the first task"),
    "reordered-task": ("reopened", "new classes in another order of samples: noise costs ten points at the "
                       "change and nothing a few epochs later; the end is within its first epoch, between "
                       "the first checkpoints"),
}


def lines():
    for line in (HERE / "runs.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, factory, *options = shlex.split(line)
            yield name, factory if ":" in factory else f"networks:{factory}", options


def train(name, factory, options, work):
    if "--strength" not in options:
        options = [*options, "--strength", "8"]
    environment = {
        **os.environ, "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(HERE), str(ROOT / "probes" / "deficit")])}
    subprocess.run(
        [sys.executable, ROOT / "probes/deficit/deficit.py", factory, "--out", work / name,
         "--windows", WINDOWS, "--checkpoints", "none", "--series", "control", "--every", "100,1", *options],
        check=True, env=environment)


def kept(row):
    """Every epoch while things happen, fewer after."""
    epoch = row["epoch"]
    return epoch <= 40 or (epoch <= 60 and epoch % 2 == 0) or epoch % 5 == 0


def short(value):
    if isinstance(value, dict):
        return {key: short(each) for key, each in value.items()}
    return float(f"{value:.5g}") if isinstance(value, float) else value


def series(control):
    rows = [short(row) for row in json.loads((control / "series.json").read_text()) if kept(row)]
    return "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n"


def label(report, run):
    curve = report["curves"][0]
    end = curve.get("end") or {}
    rounded = lambda value, digits: None if value is None else [
        round(each, digits) for each in value] if isinstance(value, list) else round(value, digits)
    return {
        "network": report["network"], "data": f"{report['data']}, batch {run['batch_size']}",
        "learning_rate": f"{run['learning_rate']} × {report['schedule']}", "epochs": report["epochs"],
        "steps_per_epoch": run["steps_per_epoch"],
        "deficit": f"{curve['deficit']} (strength {curve['strength']:.0f}) during "
                   f"{curve['window_epochs']:.0f} epochs from the epoch named, then clean",
        "seeds": report["seeds"], "control_accuracy": round(report["control"]["accuracy"], 5),
        "control_seed_deviation": round(report["control"]["seed_deviation"], 5),
        "sensitivity": [
            {"start": point["epoch"], "accuracy_loss": round(point["accuracy_loss"]["value"], 5),
             "standard_error": round(point["accuracy_loss"]["standard_error"], 5), "runs": point["runs"]}
            for point in curve["points"]],
        "end_epoch": rounded(end.get("epoch"), 2), "end_epoch_interval": rounded(end.get("epoch_interval"), 2),
        "end_step": end.get("step"), "end_step_interval": end.get("step_interval"),
        "undetermined_fraction": rounded(end.get("undetermined_fraction"), 3),
        **({"reason": curve["reason"]} if curve.get("reason") else {}),
    }


def expecting(name, label):
    """The label with what is expected; the curve's end then stands there, not among the ends to find."""
    if name in EXPECTED:
        answer, why = EXPECTED[name]
    elif never_falls(label):
        answer, why = "never-closes", (
            "no window, up to the last, costs less than a quarter of the costliest before it: the network is "
            "still taking in what it can when the training stops")
    else:
        return label
    ends = {key: label[key] for key in label if key.startswith("end_") and label[key] is not None}
    return {**label, **dict.fromkeys(ends), "expected": {"answer": answer, "why": why, **ends}}


def never_falls(label):
    """Whether the sensitivity, found to be there, nowhere falls to the part of its maximum so far that is an end."""
    losses = [point["accuracy_loss"] for point in label["sensitivity"]]
    highest = itertools.accumulate(losses, max)
    return label.get("reason", "").startswith("still-sensitive") and all(
        loss >= most / 4 for loss, most in zip(losses, highest))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / ".build" / "evaluation")
    parser.add_argument("--plasticityd", default=ROOT / ".build/release/plasticityd")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    for name, factory, settings in lines():
        if options.names and name not in options.names:
            continue
        train(name, factory, settings, options.work)
        written = subprocess.run(
            [options.plasticityd, "sensitivity", options.work / name], check=True, capture_output=True).stdout
        report = yaml.safe_load(written)
        control = options.work / name / f"control-seed{report['seeds'][0]}"
        result = expecting(name, label(report, yaml.safe_load((control / "deficit.yaml").read_text())))
        (HERE / name).mkdir(exist_ok=True)
        (HERE / name / "series.json").write_text(series(control))
        (HERE / name / "label.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
        print(name, result["end_epoch"], result["end_epoch_interval"], result.get("reason", ""))


if __name__ == "__main__":
    main()
