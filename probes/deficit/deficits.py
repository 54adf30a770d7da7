"""The deficits: what is done to a batch while a window is open.

Each takes (inputs, targets, strength, generator) and returns the pair changed. Inputs are [N, L]
(signals), [N, C, L] (signals with channels) or [N, C, H, W] (images). Blur, vertical flip, label
permutation and noise are those of Achille, Rovere and Soatto, "Critical Learning Periods in Deep
Networks" (ICLR 2019), sections 2 and A. ValueError says why a batch or a strength does not suit one.
"""

import torch
import torch.nn.functional as F


def blur(inputs, targets, strength, generator):
    """Averages `strength` neighbours into one and interpolates back to the size: a cataract."""
    check_real(inputs)
    if strength < 2:
        raise ValueError("needs 2 neighbours or more to average; give a larger --strength")
    if inputs.dim() == 4:
        small = F.avg_pool2d(inputs, strength, ceil_mode=True)
        return F.interpolate(small, inputs.shape[2:], mode="bilinear"), targets
    signals = inputs.unsqueeze(1) if inputs.dim() == 2 else inputs
    small = F.avg_pool1d(signals, strength, ceil_mode=True)
    return F.interpolate(small, signals.shape[2:], mode="linear").reshape(inputs.shape), targets


def flip(inputs, targets, strength, generator):
    """Turns images upside down, and signals end to end."""
    return inputs.flip(-2 if inputs.dim() == 4 else -1), targets


def labels(inputs, targets, strength, generator):
    """Names each of `strength` classes by the next one: the data stay, their meaning changes."""
    if targets.is_floating_point():
        raise ValueError("needs classes as targets, whole numbers; take another --deficit")
    if strength < 2:
        raise ValueError("needs 2 classes or more to rename; give a larger --strength")
    return inputs, (targets + 1) % strength


def shuffle(inputs, targets, strength, generator):
    """Deals the batch's targets out anew, at random: nothing can be learned but their frequencies."""
    return inputs, targets[torch.randperm(len(targets), generator=generator)]


def noise(inputs, targets, strength, generator):
    """Replaces the inputs by white noise of the same mean and deviation: sensory deprivation."""
    check_real(inputs)
    values = torch.randn(inputs.shape, generator=generator, dtype=inputs.dtype).to(inputs.device)
    return values * inputs.std() + inputs.mean(), targets


def check_real(inputs):
    if not inputs.is_floating_point():
        kind = str(inputs.dtype).removeprefix("torch.")
        raise ValueError(f"needs real numbers as inputs, these are {kind}; let the factory give float32 where "
                         "they are measurements, or take another --deficit")


DEFICITS = {"blur": blur, "flip": flip, "labels": labels, "shuffle": shuffle, "noise": noise}
