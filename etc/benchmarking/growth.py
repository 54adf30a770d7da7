"""How the cost of a trace grows over a decade of examples and one of parameters, and that of judging a run
over a decade of checkpoints."""
import json

import numpy
import torch

import networks
from timing import alternate


def exponent(sizes, seconds):
    """Slope of the least-squares line through the logarithms."""
    return round(float(numpy.polyfit(numpy.log(sizes), numpy.log(seconds), 1)[0]), 3)


def case(name, model, examples, shape, folder):
    torch.manual_seed(0)
    return networks.Case(
        name, model, torch.randn(examples, *shape), torch.randint(0, 10, (examples,)), folder).export()


def run_of(checkpoints, folder, layers=50):
    """A labelled run that learns at a falling rate; where it is."""
    random = numpy.random.default_rng(0)
    rows = []
    for index in range(checkpoints):
        epoch = 100 * index / (checkpoints - 1)
        traces = (1 + epoch) ** 2 / (1 + (epoch / 30) ** 3) * random.lognormal(0, 0.03, layers)
        rows.append({"step": 20 * index, "epoch": epoch, "learning_rate": 0.05 * 0.97**epoch,
                     "train_loss": 2.3 / (1 + epoch / 5), "train_accuracy": 1 - 0.9 / (1 + epoch / 5),
                     "confidence": 0.9 / (1 + epoch / 5), "fisher_trace": float(traces.sum()),
                     "standard_error": float(traces.sum() / 50),
                     "tensors": {f"l{layer}.weight": float(trace) for layer, trace in enumerate(traces)}})
    run = folder / f"checkpoints-{checkpoints}/run"
    run.mkdir(parents=True, exist_ok=True)
    (run / "series.json").write_text(json.dumps(rows))
    (run / "label.json").write_text(json.dumps({"end_step": 5 * checkpoints, "end_step_interval": None}))
    return run.parent


def judging(folder, program, rounds):
    """Reading a run and judging it with all layers from first to last, three times over, with the other
    methods beside: what `evaluate` does."""
    runs = {n: run_of(n, folder) for n in (200, 500, 1000, 2000)}
    taken = alternate({n: (lambda run=run: program("evaluate", run)[1]) for n, run in runs.items()}, rounds)
    seconds = [taken[n] for n in runs]
    return {"sizes": list(runs), "seconds": [round(s, 4) for s in seconds],
            "exponent": exponent(list(runs), seconds)}


def measure(folder, program, rounds):
    torch.manual_seed(0)
    by_examples = [case(f"examples-{n}", networks.all_cnn_c(), n, (3, 32, 32), folder)
                   for n in (32, 64, 128, 320)]
    by_parameters = [case(f"width-{w}", networks.all_cnn_c(w), 32, (3, 32, 32), folder)
                     for w in (48, 72, 108, 152)]
    result = {}
    for axis, cases, size in [("examples", by_examples, lambda c: c.examples),
                              ("parameters", by_parameters, lambda c: c.parameters)]:
        def turn(case):
            report, taken = program.trace(case, 3)
            return report["took"].get("network_seconds", taken)
        taken = alternate({c.name: (lambda c=c: turn(c)) for c in cases}, rounds)
        sizes, seconds = [size(c) for c in cases], [taken[c.name] for c in cases]
        result[axis] = {"sizes": sizes, "seconds": [round(s, 4) for s in seconds],
                        "exponent": exponent(sizes, seconds)}
    return {**result, "checkpoints": judging(folder, program, rounds)}
