"""The deficits: what is done to a batch while a window is open.

Each takes (inputs, targets, strength, generator) and returns the pair changed. Inputs are [N, L]
(signals), [N, C, L] (signals with channels) or [N, C, H, W] (images). Blur, vertical flip, label
permutation and noise are those of Achille, Rovere and Soatto, "Critical Learning Periods in Deep
Networks" (ICLR 2019), sections 2 and A.
"""

import torch
import torch.nn.functional as F


def blur(inputs, targets, strength, generator):
    """Averages `strength` neighbours into one and interpolates back to the size: a cataract."""
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
    return inputs, (targets + 1) % strength


def shuffle(inputs, targets, strength, generator):
    """Deals the batch's targets out anew, at random: nothing can be learned but their frequencies."""
    return inputs, targets[torch.randperm(len(targets), generator=generator)]


def noise(inputs, targets, strength, generator):
    """Replaces the inputs by white noise of the same mean and deviation: sensory deprivation."""
    values = torch.randn(inputs.shape, generator=generator, dtype=inputs.dtype)
    return values * inputs.std() + inputs.mean(), targets


DEFICITS = {"blur": blur, "flip": flip, "labels": labels, "shuffle": shuffle, "noise": noise}
