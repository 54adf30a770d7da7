"""Networks on MNIST-1D, as labelled runs of data that are not our own: factories for deficit.py.

The data are made on the spot by the package `mnist1d` (Greydanus and Kobak, "Scaling down deep learning
with MNIST-1D", ICML 2024): 4000 examples to train on and 8000 to test on. Nothing is downloaded.
"""

import functools
from collections import OrderedDict

import torch
from torch import nn

from examples import described, perceptron
from networks import Residual, adam

DATA = "MNIST-1D, 4000 training examples"


@functools.lru_cache
def sets():
    from mnist1d.data import get_dataset_args, make_dataset
    arguments = get_dataset_args()
    arguments.num_samples, arguments.train_split = 12000, 1 / 3
    made = make_dataset(arguments)
    pair = lambda x, y: (torch.tensor(made[x], dtype=torch.float32), torch.tensor(made[y], dtype=torch.int64))
    return [pair("x", "y"), pair("x_test", "y_test")]


# Networks.

def dense(hidden, activation=nn.ReLU):
    """A factory of dense networks from 40 samples to 10 classes."""
    def make(seed):
        network = f"{activation.__name__} 40-{'-'.join(map(str, hidden))}-10"
        return described(perceptron(seed, [40, *hidden, 10], activation), sets(), network, DATA)
    return make


def layered(network, layers):
    """A factory of networks of the layers that `layers` makes, with their names."""
    def make(seed):
        torch.manual_seed(seed)
        return described(nn.Sequential(OrderedDict(layers())), sets(), network, DATA)
    return make


def with_inside(inside):
    """The layers of `relu4`, with another module before each nonlinearity."""
    layers = []
    for number, inputs in enumerate([40, 128, 128], 1):
        layers += [(f"l{number}", nn.Linear(inputs, 128)), (f"n{number}", inside()), (f"a{number}", nn.ReLU())]
    return [*layers, ("l4", nn.Linear(128, 10))]


def convolution(number, inputs, outputs, size, stride):
    return [(f"c{number}", nn.Conv1d(inputs, outputs, size, stride=stride, padding=size // 2)),
            (f"a{number}", nn.ReLU())]


relu3, relu4, relu5, relu6 = dense([128] * 2), dense([128] * 3), dense([100] * 4), dense([100] * 5)
relu7, relu8 = dense([100] * 6), dense([100] * 7)
tanh3, tanh4 = dense([128] * 2, nn.Tanh), dense([128] * 3, nn.Tanh)
tanh5, tanh6, tanh7 = (dense([width] * depth, nn.Tanh) for width, depth in ((100, 4), (80, 5), (80, 6)))
gelu4, gelu5, gelu6 = (dense([width] * depth, nn.GELU) for width, depth in ((128, 3), (100, 4), (100, 5)))
silu3, silu4, silu5 = (dense([width] * depth, nn.SiLU) for width, depth in ((128, 2), (128, 3), (100, 4)))
elu4, elu5 = dense([128] * 3, nn.ELU), dense([100] * 4, nn.ELU)
leaky4, leaky5 = dense([128] * 3, nn.LeakyReLU), dense([100] * 4, nn.LeakyReLU)
wide3, wide4 = dense([256] * 2), dense([256] * 3)
narrow4, narrow5 = dense([48] * 3), dense([48] * 4)

convolutional = layered("two convolutions and two dense layers", lambda: [
    ("channel", nn.Unflatten(1, (1, 40))), *convolution(1, 1, 12, 5, 2), *convolution(2, 12, 16, 5, 2),
    ("flat", nn.Flatten()), ("l3", nn.Linear(160, 48)), ("a3", nn.ReLU()), ("l4", nn.Linear(48, 10))])
convolutional4 = layered("four convolutions and a dense layer", lambda: [
    ("channel", nn.Unflatten(1, (1, 40))), *convolution(1, 1, 16, 3, 1), *convolution(2, 16, 16, 3, 2),
    *convolution(3, 16, 24, 3, 2), *convolution(4, 24, 24, 3, 2), ("flat", nn.Flatten()),
    ("last", nn.Linear(120, 10))])
layernorm4 = layered("ReLU 40-128-128-128-10 with layer normalisation",
                     lambda: with_inside(lambda: nn.LayerNorm(128)))
dropout4 = layered("ReLU 40-128-128-128-10 with a tenth dropped out",
                   lambda: with_inside(lambda: nn.Dropout(0.1)))
residual = layered("three residual blocks of width 64", lambda: [
    ("first", nn.Linear(40, 64)), *[(f"r{number}", Residual(64)) for number in (1, 2, 3)],
    ("last", nn.Linear(64, 10))])


# Optimizers; the laboratory's own is gradient descent with a momentum of 0.9 and a weight decay of 0.001.

def with_optimizer(factory, optimizer, **settings):
    """The same network trained by another."""
    def make(seed):
        return {**factory(seed), "optimizer": lambda parameters, rate: optimizer(parameters, rate, **settings)}
    return make


adamw5, adamw6, tanh3_adam, tanh4_adam = adam(relu5), adam(relu6), adam(tanh3), adam(tanh4)
tanh5_adam, gelu4_adam, wide4_adam, narrow4_adam = adam(tanh5), adam(gelu4), adam(wide4), adam(narrow4)
relu3_adam, convolutional_adam = adam(relu3), adam(convolutional)
layernorm4_adam, residual_adam = adam(layernorm4), adam(residual)
relu4_adamw, silu4_adam, gelu5_adam = adam(relu4), adam(silu4), adam(gelu5)
adam4 = with_optimizer(relu4, torch.optim.Adam)
adagrad4 = with_optimizer(relu4, torch.optim.Adagrad)
rms4 = with_optimizer(relu4, torch.optim.RMSprop, weight_decay=1e-4)
rms_tanh4 = with_optimizer(tanh4, torch.optim.RMSprop, weight_decay=1e-4)
relu4_plain = with_optimizer(relu4, torch.optim.SGD, weight_decay=1e-3)
relu4_undecayed = with_optimizer(relu4, torch.optim.SGD, momentum=0.9)
relu4_decayed = with_optimizer(relu4, torch.optim.SGD, momentum=0.9, weight_decay=5e-3)
relu5_nesterov = with_optimizer(relu5, torch.optim.SGD, momentum=0.9, weight_decay=1e-3, nesterov=True)


# Training data.

def with_data(factory, change, data):
    """The same network on changed training data."""
    def make(seed):
        made = factory(seed)
        return {**made, "train": change(*made["train"]), "about": {**made["about"], "data": data}}
    return make


def mislabelled(inputs, targets):
    """A tenth of the targets drawn at random."""
    generator = torch.Generator().manual_seed(0)
    wrong = torch.rand(len(targets), generator=generator) < 0.1
    return inputs, torch.where(wrong, torch.randint(10, targets.shape, generator=generator), targets)


relu4_few = with_data(relu4, lambda x, y: (x[:2000], y[:2000]), "MNIST-1D, 2000 training examples")
relu4_mislabelled = with_data(relu4, mislabelled, f"{DATA}, a tenth with a random label")
