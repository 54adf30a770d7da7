"""What the ways to squared per-example norms cost, layer by layer, and the constants of GradientPlan.

Every way is timed on graphs of one layer (`norm-timer`, one thread). The constants are those with which
the formulas of Sources/Networks/Gradients/NormCosts.swift come closest to the measured times, in
multiply-adds of a large product. Then the choice that the program makes is timed against taking one
way everywhere.
"""
import collections
import subprocess

import numpy
import torch
from torch import nn

Layer = collections.namedtuple("Layer", "name places first second pixels channels taps tiles unfolds")
WAYS = ["entries", "products", "tiles"]
# Units of the costs: large products, entries of gradients, of columns and of factors, pairs, sums, points.
CONSTANTS = ["product", "entry", "column", "factor", "pair", "sum", "point"]


def convolution(channels, filters, size, kernel=3, stride=1):
    out = (size + 2 * (kernel // 2) - kernel) // stride + 1
    tiled = kernel == 3 and stride == 1
    module = nn.Conv2d(channels, filters, kernel, stride, kernel // 2, bias=False)
    layer = Layer(
        f"conv-{channels}-{filters}-{size}-{kernel}-{stride}", out * out, filters,
        channels * kernel ** 2, size * size if stride == 1 and kernel > 1 and size <= 32 else None,
        channels, kernel ** 2, ((out + 1) // 2) ** 2 if tiled else None, kernel > 1 or stride > 1)
    return layer, module, torch.zeros(2, channels, size, size)


def dense(places, inputs, outputs):
    layer = Layer(
        f"dense-{places}-{inputs}-{outputs}", places, inputs, outputs, None, inputs, 1, None, False)
    return layer, nn.Linear(inputs, outputs, bias=False), torch.zeros(2, places, inputs)


def layers():
    yield convolution(16, 16, 32)
    yield convolution(64, 64, 32)
    yield convolution(96, 96, 32)
    yield convolution(96, 96, 32, stride=2)
    yield convolution(96, 192, 16)
    yield convolution(128, 128, 16)
    yield convolution(192, 192, 16, stride=2)
    yield convolution(256, 256, 8)
    yield convolution(512, 512, 4)
    yield convolution(32, 64, 28, kernel=5)
    yield convolution(192, 192, 8, kernel=1)
    yield convolution(64, 256, 32, kernel=1)
    yield convolution(32, 32, 56)
    for places, inputs, outputs in [
            (16, 256, 256), (64, 256, 1024), (128, 768, 768), (128, 768, 3072), (512, 128, 128),
            (512, 768, 768), (1024, 64, 64)]:
        yield dense(places, inputs, outputs)


def costs(layer):
    """Counts of every unit, by way; None where the way does not exist (measurements.md §1)."""
    t, f, s = layer.places, layer.first, layer.second
    made = t * s if layer.unfolds else 0
    pairs = t * t / 2
    columns = dict(product=pairs * (f + s), factor=t * (f + s), column=made, pair=2 * pairs)
    result = {"entries": dict(product=t * f * s, entry=f * s, column=made)}
    if layer.pixels:
        places = layer.pixels ** 2 / 2
        result["products"] = dict(
            product=places * layer.channels + pairs * f,
            factor=layer.pixels * layer.channels + t * f, pair=places + 2 * pairs,
            sum=pairs * layer.taps)
    else:
        result["products"] = columns
    result["tiles"] = layer.tiles and dict(
        product=16 * layer.tiles * f * layer.channels, entry=16 * f * layer.channels, point=16 * layer.tiles * (f + layer.channels))
    return result


def fitted(rows):
    """Constants ≥ 0 of the least relative error; rows are (counts, seconds)."""
    matrix = numpy.array([[counts.get(c, 0) / seconds for c in CONSTANTS] for counts, seconds in rows])
    kept = list(range(len(CONSTANTS)))
    while True:
        solution = numpy.linalg.lstsq(matrix[:, kept], numpy.ones(len(rows)), rcond=None)[0]
        if (solution >= 0).all():
            break
        kept = [k for k, value in zip(kept, solution) if value >= 0]
    values = numpy.zeros(len(CONSTANTS))
    values[kept] = solution
    return dict(zip(CONSTANTS, values.tolist()))


def export(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for layer, module, example in layers():
        path = folder / f"{layer.name}.onnx"
        if not path.exists():
            batch = {0: torch.export.Dim("batch")}
            torch.onnx.export(
                module, (example,), path, dynamo=True, optimize=False, external_data=False,
                verbose=False, dynamic_shapes=(batch,))
        yield layer, path


def measure(folder, binaries, examples=4):
    found = list(export(folder))
    output = subprocess.run(
        [f"{binaries}/norm-timer", str(examples), *(str(path) for _, path in found)],
        check=True, capture_output=True, text=True).stdout
    seconds = collections.defaultdict(dict)
    for line in output.splitlines():
        path, way, taken = line.split()
        seconds[path][way] = float(taken)
    rows, table = [], {}
    for layer, path in found:
        counts, taken = costs(layer), seconds[str(path)]
        table[layer.name] = {
            "milliseconds": {way: round(taken[way] * 1e3, 4) for way in taken if counts.get(way, True)}}
        rows += [(counts[way], taken[way]) for way in WAYS if counts[way]]
    constants = fitted(rows)
    for layer, path in found:
        counts, row = costs(layer), table[layer.name]
        row["predicted"] = {
            way: round(1e3 * sum(constants[c] * n for c, n in counts[way].items()), 4)
            for way in WAYS if counts[way]}
    times = [row["milliseconds"] for row in table.values()]
    return {
        "layers": table,
        "product_seconds": float(f"{constants['product']:.4g}"),
        "constants": {c: round(constants[c] / constants["product"], 2) for c in CONSTANTS[1:]},
        "milliseconds_of_all": {
            "chosen": round(sum(t["cheapest"] for t in times), 3),
            "entries": round(sum(t["entries"] for t in times), 3),
            "products": round(sum(t["products"] for t in times), 3),
            "fastest": round(sum(min(t.values()) for t in times), 3)}}
