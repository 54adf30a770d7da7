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
when the command is repeated: add windows or seeds as you like.

What shows an effect: enough epochs after the window to recover in (100 and more), a rate that decays,
windows of a fifth of the run, a network that does not reach 100 %. A constant rate with a final
cool-down, and batch normalisation, often leave nothing to measure: then there is no end to find.
"""

import argparse
import importlib
import logging
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), "."]

import torch

from experiment import Plan, Trainee, Window, run_seed
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
    try:
        options.factor = schedule(options.schedule, options.epochs)
    except ValueError as problem:
        parser.error(str(problem))
    if not options.seeds:
        parser.error("--seeds: at least one")
    if len(options.every) != 2 or options.every[1] < 1:
        parser.error("--every: two numbers, such as 20,5")
    windows = [(start, start + options.length) for start in options.windows]
    windows += [(0, end) for end in options.removed]
    windows += [(0, options.epochs)] if options.permanent else []
    for start, end in windows:
        if not 0 <= start < end <= options.epochs:
            parser.error(f"a window of the epochs {start} to {end} does not lie within 0 to {options.epochs}")
    options.all_windows = [Window(*pair) for pair in sorted(set(windows))]
    return options


def found(name):
    module, _, function = name.partition(":")
    try:
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as problem:
        raise SystemExit(f"deficit.py: {name}: {problem}; give module:function, importable from this folder")


def write_probe(folder, trainee, count):
    """A probe of the clean training data's first examples, unless there is one."""
    if (folder / "probe" / "probe.yaml").exists():
        return
    try:
        from make_probe import make_probe
        import onnx, onnxscript  # noqa: F401
    except ImportError as problem:
        say(f"no probe is made: {problem}; checkpoints will be measured without one")
        return
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    inputs, targets = trainee.examples(count)
    make_probe(folder / "probe", trainee.model, inputs.to(trainee.device), targets)


def say(text):
    print(f"deficit.py: {text}", file=sys.stderr)


def main(arguments=None):
    options = parsed(arguments)
    torch.set_num_threads(options.threads)
    factory = found(options.factory)
    plan = Plan(options.epochs, options.batch_size, options.learning_rate, options.factor, options.deficit)
    first = Trainee(factory, options.seeds[0], plan)
    if options.deficit not in first.deficits:
        raise SystemExit(f"deficit.py: deficit {options.deficit!r}; one of {', '.join(first.deficits)}")
    plan.strength = options.strength or first.usual_strength()
    if options.deficit == "blur" and plan.strength < 2:
        raise SystemExit("deficit.py: blur needs a --strength of 2 or more neighbours")
    folder = pathlib.Path(options.out)
    if options.checkpoints != "none":
        write_probe(folder, first, options.probe_examples)
    runs = Runs(folder, options.factory, options.schedule, plan, options.seeds[0], options.checkpoints,
                options.series, tuple(options.every), options.probe_examples)
    for seed in options.seeds:
        count = run_seed(factory, seed, plan, options.all_windows, runs.wanted, runs.observe)
        say(f"seed {seed}: {count} runs trained, {len(options.all_windows) + 1 - count} were there already")


if __name__ == "__main__":
    main()
