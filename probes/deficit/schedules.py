"""Learning rates by epoch, as a factor on the base rate.

    constant          1
    exp:G             G to the power of the epoch
    cosine            half a cosine over the run, from 1 to 0
    cosine:P          the same, restarted every P epochs
    poly:P            what is left of the run, as a part of it, to the power of P
    step:F@E1,E2,…    times F at each of the epochs
    cooldown:E        1 until epoch E, then linearly to 0 at the end
    warmup:E+OTHER    linearly up over E epochs, then OTHER over the epochs that are left
"""

import math


def schedule(text, epochs):
    """The factor as a function of the epoch (0 …, real); ValueError says what is wrong with `text`."""
    kind, _, detail = text.partition(":")
    try:
        if kind == "warmup":
            length, _, other = detail.partition("+")
            length = float(length)
            after = schedule(other, epochs - length)
            return lambda epoch: (epoch + 1) / (length + 1) if epoch < length else after(epoch - length)
        if kind == "poly":
            power = float(detail)
            return lambda epoch: max(0.0, 1 - epoch / epochs) ** power
        if kind == "constant" and not detail:
            return lambda epoch: 1.0
        if kind == "exp":
            base = float(detail)
            return lambda epoch: base**epoch
        if kind == "cosine":
            period = float(detail) if detail else epochs
            return lambda epoch: (1 + math.cos(math.pi * (epoch % period) / period)) / 2
        if kind == "step":
            factor, _, places = detail.partition("@")
            factor, places = float(factor), [float(place) for place in places.split(",")]
            return lambda epoch: factor ** sum(epoch >= place for place in places)
        if kind == "cooldown":
            start = float(detail)
            return lambda epoch: 1.0 if epoch < start else max(0.0, (epochs - epoch) / (epochs - start))
    except ValueError:
        pass
    raise ValueError(f"schedule {text!r}: one of constant, exp:G, cosine, cosine:P, poly:P, step:F@E1,E2, "
                     "cooldown:E, warmup:E+OTHER")
