#!/usr/bin/env python3
"""The deficit experiment: when does bad data stop doing lasting harm to your network?

The same network is trained once clean and once for each window of epochs with its data spoilt inside
the window and clean outside. How much final accuracy a window costs, against where it starts, is the
sensitivity curve; where it falls below a quarter of its largest value the critical period has ended
(Achille, Rovere and Soatto, ICLR 2019).

    python3 probes/deficit/deficit.py my_code:make --out runs/blur --epochs 100 \\
        --schedule exp:0.97 --windows 0,3,6,10,15,20,30,50 --length 20 --seeds 1,2,3
    plasticityd backfill runs/blur/control-seed1 --probe runs/blur/probe --reports reports
    plasticityd sensitivity runs/blur --reports reports

FACTORY is module:function, importable from here; the function takes a seed and returns a dict with
`model`, `train` and `test` (probes/deficit/examples.py says exactly, and has examples to copy).

deficits    blur      averages `strength` neighbours: at least 2; by default 4
            flip      upside down; signals end to end
            labels    each class renamed, always alike, among the first `strength`; by default all
            shuffle   targets dealt out at random
            noise     inputs replaced by white noise
            or one that the factory brings along
windows     --windows 0,5,10 --length 20    20 epochs from each of these
            --removed 10,20,40              from the start until this epoch
            --permanent                     the whole run
schedules   constant, exp:G, cosine, cosine:P, poly:P, step:F@E1,E2, cooldown:E,
            warmup:E+ any of these

Under --out comes one folder per run: control-seed1, blur-005-025-seed1, …, with checkpoints
(epoch_000.pt, …), the description deficit.yaml and plasticity.yaml, which points the daemon to the
probe beside them. A folder can be watched while this runs, and a finished run is not trained again
when the command is repeated: add windows, seeds or another deficit as you like. All else must be as it
was, which is compared at the start; an unfinished run is trained anew.

What shows an effect: enough epochs after the window to recover in (100 and more), a rate that decays,
windows of a fifth of the run, a network that does not reach 100 %. A constant rate with a final
cool-down, and batch normalisation, often leave nothing to measure: then there is no end to find.
"""

import argparse
import importlib
import inspect
import logging
import math
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), "."]

import numpy
import torch

from experiment import Plan, Trainee, Window, run_seed
from fisher import fisher
from rehearsal import names_classes, rehearse, rehearse_deficit
from remarks import reason, say, stop
from runs import Runs
from schedules import schedule


def numbers(text):
    """"1,2,3" as a list."""
    return [int(part) for part in text.split(",") if part]


def parsed(arguments):
    parser = argparse.ArgumentParser(
        prog="deficit.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("factory", metavar="FACTORY", help="module:function, or examples:relu")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="receives one folder per run")
    parser.add_argument("--deficit", default="blur", help="one of these, or your own; blur")
    parser.add_argument("--strength", type=int, help="what it means depends on the deficit")
    parser.add_argument("--windows", type=numbers, default=[], metavar="E,E,…", help="first epochs of windows")
    parser.add_argument("--length", type=int, default=20, help="epochs of a window; 20")
    parser.add_argument("--removed", type=numbers, default=[], metavar="E,E,…", help="spoilt from 0 to here")
    parser.add_argument("--permanent", action="store_true", help="spoilt to the end")
    parser.add_argument("--seeds", type=numbers, default=[1, 2, 3], help="of the weights and the order; 1,2,3")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=0.05)
    parser.add_argument("--schedule", default="exp:0.97")
    parser.add_argument("--every", type=numbers, default=[20, 5], metavar="N,M",
                        help="checkpoints of every epoch up to N, and of every Mth after; 20,5")
    parser.add_argument("--checkpoints", choices=("all", "control", "none"), default="all",
                        help="which runs write them; all")
    parser.add_argument("--series", choices=("all", "control", "none"), default="none",
                        help="compute the exact Fisher trace here too, into series.json: of the first "
                        "seed's control run, or of all runs; small classifiers only")
    parser.add_argument("--probe-examples", type=int, default=256)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    check(options)
    windows = [(start, start + options.length) for start in options.windows]
    windows += [(0, end) for end in options.removed]
    windows += [(0, options.epochs)] if options.permanent else []
    for start, end in windows:
        if not 0 <= start < end <= options.epochs:
            stop(f"a window of the epochs {start} to {end} does not lie within 0 to {options.epochs}; "
                 "give another --length, or more --epochs")
    options.all_windows = [Window(*pair) for pair in sorted(set(windows))]
    return options


def check(options):
    """Stops where a number cannot be; `options.factor` is the schedule."""
    for name in ("epochs", "batch_size", "length", "strength", "probe_examples", "threads"):
        value = getattr(options, name)
        if value is not None and value < 1:
            stop(f"--{name.replace('_', '-')} {value}: give 1 or more")
    if not 0 < options.learning_rate < math.inf:
        stop(f"--learning-rate {options.learning_rate}: give a number above 0")
    if not options.seeds:
        stop("--seeds: give at least one")
    if len(options.every) != 2 or options.every[0] < 0 or options.every[1] < 1:
        stop("--every: give two numbers, such as 20,5")
    if "/" in options.deficit or options.deficit.startswith(".") or not options.deficit.isprintable():
        stop(f"--deficit {options.deficit!r}: folders are named after it; give it another name")
    try:
        options.factor = schedule(options.schedule, options.epochs)
    except ValueError as problem:
        stop(problem)


def found(name):
    module, _, function = name.partition(":")
    try:
        factory = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, TypeError, ValueError) as problem:
        stop(f"{name}: {problem}; give module:function, importable from this folder")
    try:
        inspect.signature(factory).bind(1)
    except (TypeError, ValueError):
        stop(f"{name} is not a function of one argument; let it take the seed")
    return factory


def write_probe(folder, trainee, count):
    """A probe of the clean training data's first examples, unless there is one."""
    inputs, targets = trainee.examples(count)
    if (folder / "probe.yaml").exists():
        there = examples_of(folder)
        if there not in (None, len(targets)):
            stop(f"{folder} holds {there} examples and not {len(targets)}; give another --out, or "
                 f"--probe-examples {there}")
        return
    try:
        from make_probe import make_probe
        import onnx, onnxscript  # noqa: F401
    except ImportError as problem:
        say(f"no probe is made: {problem}; checkpoints will be measured without one")
        return
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        make_probe(folder, trainee.model, inputs.to(trainee.device), targets)
    except Exception as problem:  # whatever the exporter raises, training does not need it
        say(f"no probe is made: {reason(problem)}; checkpoints will be measured without one")


def examples_of(probe):
    """How many examples a probe's batch holds, where that can be told."""
    path = probe / "batch.npz"
    if not path.exists():
        return None
    with numpy.load(path) as arrays:
        return len(arrays["target"]) if "target" in arrays else None


def strength(options, trainee, outputs):
    """The one given, or the usual one: all classes where labels are renamed, four neighbours for the blur."""
    if options.deficit != "labels":
        return options.strength or 4
    if not torch.is_tensor(outputs) or outputs.dim() < 2:
        stop("deficit labels: the outputs are not those of a classifier; take another --deficit")
    if (options.strength or 0) > outputs.shape[1]:
        stop(f"--strength {options.strength}: there are {outputs.shape[1]} classes; give no more")
    return options.strength or outputs.shape[1]


def series(options, trainee, outputs, targets):
    """Which runs get a series.json: none where the exact Fisher trace is not to be had."""
    if options.series == "none":
        return "none"
    problem = "it is for classifiers with outputs [N, C] only"
    if names_classes(outputs, targets) and outputs.dim() == 2:
        try:
            fisher(trainee.model, trainee.examples(2)[0].to(trainee.device))
            return options.series
        except Exception as raised:  # whatever vmap does not know of somebody's model
            problem = reason(raised)
    say(f"no series.json is written: {problem}; measure the checkpoints with plasticityd backfill")
    return "none"


def main(arguments=None):
    options = parsed(arguments)
    torch.set_num_threads(options.threads)
    factory = found(options.factory)
    plan = Plan(options.epochs, options.batch_size, options.learning_rate, options.factor, options.deficit)
    first = Trainee(factory, options.seeds[0], plan)
    if options.deficit not in first.deficits:
        stop(f"deficit {options.deficit!r}; one of {', '.join(map(str, first.deficits))}")
    outputs, targets = rehearse(first)
    plan.strength = strength(options, first, outputs)
    if options.all_windows:
        rehearse_deficit(first)
    if first.base_rates[0] != options.learning_rate:
        say(f"the factory's optimizer has a rate of its own, {first.base_rates[0]:g}, not --learning-rate "
            f"{options.learning_rate:g}; its own counts and is recorded")
    folder = pathlib.Path(options.out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        stop(f"--out: {problem}; give a folder that can be written to")
    runs = Runs(folder, options.factory, options.schedule, plan, options.seeds[0], options.checkpoints,
                series(options, first, outputs, targets), tuple(options.every), options.probe_examples)
    runs.compare(first, options.all_windows)
    if options.checkpoints != "none":
        write_probe(folder / "probe", first, options.probe_examples)
    for seed in options.seeds:
        count = run_seed(factory, seed, plan, options.all_windows, runs.wanted, runs.begin_seed, runs.observe)
        say(f"seed {seed}: {count} runs trained, {len(options.all_windows) + 1 - count} were there already")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        say("interrupted; the same command trains what is missing")
        sys.exit(130)
