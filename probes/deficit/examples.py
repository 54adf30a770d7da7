"""Experiments to try the laboratory with, and to copy: each function is a factory for `deficit.py`.

    python3 probes/deficit/deficit.py examples:relu …

A factory takes the seed of the weights and returns a dict:

    model     a torch.nn.Module, freshly initialised from the seed; its output are logits [N, C]
    train     (inputs, targets) as tensors or numpy arrays, or a torch.utils.data.Dataset or list of such
              pairs, one per example; inputs and targets are one tensor each
    test      the same; the final accuracy is measured on it
    optimizer (optional) a function (parameters, learning_rate) → torch.optim.Optimizer;
              by default SGD with momentum 0.9 and weight decay 1e-3. The schedule multiplies the rates that
              it has, and those are recorded, also where they are not learning_rate
    loss      (optional) a function (outputs, targets) → mean loss; by default cross entropy
    accuracy  (optional) a function (outputs, targets) → mean score, larger where it is better; by default
              the part of right classes, so what is no classifier must give one
    deficits  (optional) {name: function} of your own, beside those of deficits.py
    about     (optional) {"network": …, "data": …}, words for the descriptions

The data must be the same at every call: only the weights depend on the seed. torch, numpy and random are
seeded with it before each call.
"""

import functools
from collections import OrderedDict

import torch
from torch import nn

from signals import images, signals


@functools.lru_cache
def signal_sets(train=4000, test=10000, family=0, noise=0.25):
    pairs = signals(train, 1, family=family, noise=noise), signals(test, 2, family=family, noise=noise)
    return [tuple(torch.from_numpy(array) for array in pair) for pair in pairs]


@functools.lru_cache
def image_sets(train=3000, test=6000, family=0, noise=0.35):
    pairs = images(train, 3, family=family, noise=noise), images(test, 4, family=family, noise=noise)
    return [tuple(torch.from_numpy(array) for array in pair) for pair in pairs]


def perceptron(seed, widths, activation=nn.ReLU):
    """Dense layers named l1, l2, … with the activation between them."""
    torch.manual_seed(seed)
    layers = []
    for number, (inputs, outputs) in enumerate(zip(widths, widths[1:]), 1):
        layers += [(f"l{number}", nn.Linear(inputs, outputs)), (f"a{number}", activation())]
    return nn.Sequential(OrderedDict(layers[:-1]))


def described(model, sets, network, data):
    return {"model": model, "train": sets[0], "test": sets[1], "about": {"network": network, "data": data}}


SIGNALS = "signals of ten classes made by signals.py, 4000 training examples"
FEW = (
    "signals of ten other classes made by signals.py, twice the noise, 2500 training examples")
IMAGES = "images of ten classes made by signals.py, 12×12, 3000 training examples"


def relu(seed):
    return described(perceptron(seed, [40, 64, 64, 64, 10]), signal_sets(), "ReLU 40-64-64-64-10", SIGNALS)


def deep(seed):
    return described(
        perceptron(seed, [40, 48, 48, 48, 48, 48, 10]), signal_sets(), "ReLU 40-48×5-10", SIGNALS)


def shallow(seed):
    return described(perceptron(seed, [40, 96, 96, 10]), signal_sets(), "ReLU 40-96-96-10", SIGNALS)


def tanh(seed):
    return described(
        perceptron(seed, [40, 64, 64, 64, 10], nn.Tanh), signal_sets(), "tanh 40-64-64-64-10", SIGNALS)


def noisy(seed):
    sets = signal_sets(train=2500, family=1, noise=0.5)
    return described(perceptron(seed, [40, 64, 64, 64, 10]), sets, "ReLU 40-64-64-64-10", FEW)


def convolutional(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(OrderedDict([
        ("c1", nn.Conv2d(1, 12, 3, padding=1)), ("a1", nn.ReLU()), ("p1", nn.MaxPool2d(2)),
        ("c2", nn.Conv2d(12, 16, 3, padding=1)), ("a2", nn.ReLU()), ("p2", nn.MaxPool2d(2)),
        ("flat", nn.Flatten()), ("l3", nn.Linear(144, 32)), ("a3", nn.ReLU()), ("l4", nn.Linear(32, 10)),
    ]))
    return described(model, image_sets(), "two convolutions and two dense layers", IMAGES)
