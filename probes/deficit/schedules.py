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

FORMS = "constant, exp:G, cosine, cosine:P, poly:P, step:F@E1,E2, cooldown:E, warmup:E+OTHER"


def schedule(text, epochs):
    """The factor as a function of the epoch (0 …, real), the last one's end too; ValueError says what is
    wrong with `text`."""
    kind, _, detail = text.partition(":")
    try:
        if kind == "warmup":
            length, _, other = detail.partition("+")
            length = within(number(length), epochs)
            if not other:
                raise Impossible("give the schedule after the warm-up too, such as warmup:5+cosine")
            after = schedule(other, epochs - length)
            return lambda epoch: (epoch + 1) / (length + 1) if epoch < length else after(epoch - length)
        if kind == "poly":
            power = positive(number(detail), or_zero=True)
            return lambda epoch: (1 - epoch / epochs) ** power if epoch < epochs else 0.0
        if kind == "constant" and not detail:
            return lambda epoch: 1.0
        if kind == "exp":
            base = positive(number(detail))
            base**epochs  # a number still
            return lambda epoch: base**epoch
        if kind == "cosine" and not detail:
            return lambda epoch: half_cosine(epoch, epochs) if epoch < epochs else 0.0
        if kind == "cosine":
            period = positive(number(detail))
            return lambda epoch: half_cosine(epoch % period, period)
        if kind == "step":
            factor, _, places = detail.partition("@")
            factor = positive(number(factor), or_zero=True)
            places = [number(place) for place in places.split(",")]
            factor ** len(places)  # a number still
            return lambda epoch: factor ** sum(epoch >= place for place in places)
        if kind == "cooldown":
            start = within(number(detail), epochs)
            return lambda epoch: 1.0 if epoch < start else (
                (epochs - epoch) / (epochs - start) if epoch < epochs else 0.0)
    except Impossible as problem:
        raise ValueError(f"schedule {text!r}: {problem}") from None
    except OverflowError:
        raise ValueError(f"schedule {text!r}: the rate grows beyond all numbers; give a smaller factor") from None
    raise ValueError(f"schedule {text!r}: one of {FORMS}")


class Impossible(Exception):
    """A number that the schedule cannot have."""


def number(text):
    try:
        value = float(text)
    except ValueError:
        raise Impossible(f"{text!r} is no number; one of {FORMS}") from None
    if not math.isfinite(value):
        raise Impossible(f"{text} is no finite number")
    return value


def positive(value, or_zero=False):
    if value < 0 or (value == 0 and not or_zero):
        raise Impossible(f"{value:g} must be {'0 or more' if or_zero else 'more than 0'}")
    return value


def within(value, epochs):
    if not 0 <= value <= epochs:
        raise Impossible(f"epoch {value:g} does not lie within the {epochs:g} epochs there are for it; "
                         "give a smaller one, or more --epochs")
    return value


def half_cosine(epoch, length):
    return (1 + math.cos(math.pi * epoch / length)) / 2
