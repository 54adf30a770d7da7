"""How the cost of a trace grows over a decade of examples, and over a decade of parameters."""
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
    return result
