"""The networks and data of the labelled runs: factories for probes/deficit/deficit.py."""

import functools
from collections import OrderedDict

import torch
from torch import nn

from examples import FEW, IMAGES, SIGNALS, described, image_sets, perceptron, signal_sets
from examples import convolutional, deep, noisy, relu, shallow, tanh  # noqa: F401
from experiment import Plan, Trainee
from schedules import schedule


def wide(seed):
    return described(perceptron(seed, [40, 160, 160, 10]), signal_sets(), "ReLU 40-160-160-10", SIGNALS)


def noisy_tanh(seed):
    sets = signal_sets(train=2500, family=1, noise=0.5)
    return described(perceptron(seed, [40, 64, 64, 10], nn.Tanh), sets, "tanh 40-64-64-10", FEW)


def dense_images(seed):
    model = perceptron(seed, [144, 48, 48, 48, 10])
    return described(nn.Sequential(OrderedDict([("flat", nn.Flatten()), *model.named_children()])), image_sets(),
                     "ReLU 144-48-48-48-10", IMAGES)


def normalised(seed):
    torch.manual_seed(seed)
    layers = []
    for number, (inputs, outputs) in enumerate([(40, 64), (64, 64), (64, 64)], 1):
        layers += [(f"l{number}", nn.Linear(inputs, outputs)), (f"n{number}", nn.BatchNorm1d(outputs)),
                   (f"a{number}", nn.ReLU())]
    model = nn.Sequential(OrderedDict([*layers, ("l4", nn.Linear(64, 10))]))
    return described(model, signal_sets(), "ReLU 40-64-64-64-10 with batch normalisation", SIGNALS)


def other_signals(family):
    """Sets of other templates, between the others in noise, and what they are."""
    return (signal_sets(train=3000, family=family, noise=0.35),
            f"signals of ten classes made by signals.py (family {family}), 3000 training examples")


def gelu(seed):
    sets, data = other_signals(2)
    return described(perceptron(seed, [40, 80, 80, 80, 10], nn.GELU), sets, "GELU 40-80-80-80-10", data)


def leaky(seed):
    network = "leaky ReLU 40-64-64-64-64-10"
    return described(perceptron(seed, [40, 64, 64, 64, 64, 10], nn.LeakyReLU), signal_sets(), network, SIGNALS)


def narrow(seed):
    sets, data = other_signals(3)
    return described(perceptron(seed, [40, 32, 32, 10]), sets, "ReLU 40-32-32-10", data)


def signal_convolutional(seed):
    torch.manual_seed(seed)
    sets, data = other_signals(4)
    model = nn.Sequential(OrderedDict([
        ("channel", nn.Unflatten(1, (1, 40))), ("c1", nn.Conv1d(1, 8, 5, stride=2, padding=2)), ("a1", nn.ReLU()),
        ("c2", nn.Conv1d(8, 12, 5, stride=2, padding=2)), ("a2", nn.ReLU()), ("flat", nn.Flatten()),
        ("l3", nn.Linear(120, 48)), ("a3", nn.ReLU()), ("l4", nn.Linear(48, 10)),
    ]))
    return described(model, sets, "two convolutions and two dense layers", data)


class Residual(nn.Module):
    """x + W₂ relu(W₁ x)."""

    def __init__(self, width):
        super().__init__()
        self.up, self.down = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x):
        return x + self.down(self.up(x).relu())


def residual(seed):
    torch.manual_seed(seed)
    sets, data = other_signals(2)
    model = nn.Sequential(OrderedDict([
        ("first", nn.Linear(40, 48)), ("r1", Residual(48)), ("r2", Residual(48)), ("last", nn.Linear(48, 10))]))
    return described(model, sets, "two residual blocks of width 48", data)


def plain(seed):
    """Plain gradient descent without momentum."""
    sets, data = other_signals(3)
    return {**described(perceptron(seed, [40, 64, 64, 64, 10]), sets, "ReLU 40-64-64-64-10", data),
            "optimizer": lambda parameters, rate: torch.optim.SGD(parameters, rate, weight_decay=1e-3)}


def adam(factory):
    """The same network trained by AdamW."""
    def make(seed):
        return {**factory(seed),
                "optimizer": lambda parameters, rate: torch.optim.AdamW(parameters, rate, weight_decay=0.01)}
    return make


relu_adam, tanh_adam, deep_adam = adam(relu), adam(tanh), adam(deep)
conv1d_adam, gelu_adam = adam(signal_convolutional), adam(gelu)


def gelu_rms(seed):
    """RMSprop, which also scales each weight's step."""
    return {**gelu(seed),
            "optimizer": lambda parameters, rate: torch.optim.RMSprop(parameters, rate, weight_decay=1e-4)}


@functools.lru_cache
def trained_state(seed, epochs=80):
    """The weights of `relu` after its own training, from which others go on."""
    plan = Plan(epochs, 128, 0.05, schedule("exp:0.97", epochs))
    trainee = Trainee(relu, seed, plan)
    for epoch in range(epochs):
        trainee.epoch(epoch)
    return trainee.state()[0]


def going_on(seed, sets, data):
    made = described(perceptron(seed, [40, 64, 64, 64, 10]), sets, "ReLU 40-64-64-64-10, trained before", data)
    made["model"].load_state_dict(trained_state(seed))
    return made


def finetuned(seed):
    """The trained network goes on with fewer, noisier examples of the same classes."""
    return going_on(seed, signal_sets(train=1500, noise=0.5),
                    "after 80 epochs of the signals: the same classes with twice the noise, 1500 examples")


def second_task(seed):
    """The trained network goes on with ten new classes of the same kind of signal."""
    return going_on(seed, signal_sets(family=1), "after 80 epochs of the signals: ten other classes")


def reordered_task(seed):
    """The trained network goes on with ten new classes whose samples come in another order."""
    order = torch.randperm(40, generator=torch.Generator().manual_seed(5))
    sets = [(inputs[:, order], targets) for inputs, targets in signal_sets(family=1)]
    return going_on(
        seed, sets, "after 80 epochs of the signals: ten other classes, the samples in another order")
