"""Data sets made on the spot: signals and small images of ten classes, in the manner of MNIST-1D.

Each class is a fixed smooth template; an example is the template stretched, sheared, scaled, moved to
a random place, and covered with white and with slow noise (Greydanus and Kobak, "Scaling down deep
learning with MNIST-1D", ICML 2024, describe the recipe; templates and code are our own).
"""

import numpy


def signals(count, seed, *, length=40, noise=0.25, family=0):
    """(inputs [count, length] float32, targets [count] int64). `family` chooses the ten templates."""
    templates = numpy.random.default_rng(1000 + family).normal(size=(10, 12))
    random = numpy.random.default_rng(seed)
    targets = random.integers(0, 10, count)
    width = random.uniform(14, 24, count)
    start = random.uniform(0, length - width)
    place = (numpy.arange(length) - start[:, None]) / width[:, None]
    shape = sampled(templates[targets], place)
    shape += random.uniform(-0.75, 0.75, (count, 1)) * (place - 0.5) * (abs(place - 0.5) < 0.5)
    shape *= 1 + random.normal(size=(count, 1)) * 0.25
    slow = sampled(random.normal(size=(count, 12)), numpy.tile(numpy.linspace(0, 1, length), (count, 1)))
    shape += noise * slow + 0.1 * random.normal(size=shape.shape)
    return (shape / shape.std()).astype(numpy.float32), targets.astype(numpy.int64)


def images(count, seed, *, size=12, noise=0.35, family=0):
    """(inputs [count, 1, size, size] float32, targets [count] int64)."""
    templates = numpy.random.default_rng(2000 + family).normal(size=(10, 5, 5))
    random = numpy.random.default_rng(seed)
    targets = random.integers(0, 10, count)
    extent = random.uniform(5, 8, (2, count))
    start = random.uniform(0, size - extent)
    rows, columns = ((numpy.arange(size) - start[axis][:, None]) / extent[axis][:, None] for axis in (0, 1))
    across = numpy.stack([sampled(templates[targets, row], columns) for row in range(5)], 1)
    shape = numpy.stack([sampled(across[:, :, column], rows) for column in range(size)], 2)
    shape *= 1 + random.normal(size=(count, 1, 1)) * 0.25
    shape += noise * random.normal(size=shape.shape)
    return (shape[:, None] / shape.std()).astype(numpy.float32), targets.astype(numpy.int64)


def sampled(knots, place):
    """Values at `place` [N, L] of the curves through `knots` [N, K] spread over 0…1; 0 outside."""
    last = knots.shape[1] - 1
    position = numpy.clip(place, 0, 1) * last
    left = numpy.minimum(position.astype(int), last - 1)
    part = position - left
    part = part * part * (3 - 2 * part)
    rows = numpy.arange(len(knots))[:, None]
    return ((1 - part) * knots[rows, left] + part * knots[rows, left + 1]) * ((place >= 0) & (place <= 1))
