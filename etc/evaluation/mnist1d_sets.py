"""Networks on MNIST-1D, as labelled runs of data that are not our own: factories for deficit.py.

The data are made on the spot by the package `mnist1d` (Greydanus and Kobak, "Scaling down deep learning
with MNIST-1D", ICML 2024): 4000 examples to train on and 8000 to test on. Nothing is downloaded.
"""

import functools
from collections import OrderedDict

import torch
from torch import nn

from examples import described, perceptron
from networks import adam


@functools.lru_cache
def sets():
    from mnist1d.data import get_dataset_args, make_dataset
    arguments = get_dataset_args()
    arguments.num_samples, arguments.train_split = 12000, 1 / 3
    made = make_dataset(arguments)
    pair = lambda x, y: (torch.tensor(made[x], dtype=torch.float32), torch.tensor(made[y], dtype=torch.int64))
    return [pair("x", "y"), pair("x_test", "y_test")]


def dense(hidden, activation=nn.ReLU):
    """A factory of dense networks from 40 samples to 10 classes."""
    def make(seed):
        network = f"{activation.__name__} 40-{'-'.join(map(str, hidden))}-10"
        model = perceptron(seed, [40, *hidden, 10], activation)
        return described(model, sets(), network, "MNIST-1D, 4000 training examples")
    return make


relu3, relu4, relu5, relu6 = dense([128] * 2), dense([128] * 3), dense([100] * 4), dense([100] * 5)
tanh3, tanh4 = dense([128] * 2, nn.Tanh), dense([128] * 3, nn.Tanh)
tanh5, tanh6 = dense([100] * 4, nn.Tanh), dense([80] * 5, nn.Tanh)
gelu4, elu4 = dense([128] * 3, nn.GELU), dense([128] * 3, nn.ELU)
silu3, silu4 = dense([128] * 2, nn.SiLU), dense([128] * 3, nn.SiLU)
leaky5, wide4 = dense([100] * 4, nn.LeakyReLU), dense([256] * 3)
narrow4, narrow5 = dense([48] * 3), dense([48] * 4)
adamw5, adamw6, tanh3_adam, tanh4_adam = adam(relu5), adam(relu6), adam(tanh3), adam(tanh4)
tanh5_adam, gelu4_adam, wide4_adam, narrow4_adam = adam(tanh5), adam(gelu4), adam(wide4), adam(narrow4)


def adam4(seed):
    """Adam without weight decay."""
    return {**relu4(seed), "optimizer": lambda parameters, rate: torch.optim.Adam(parameters, rate)}


def rms4(seed):
    """RMSprop, which also scales each weight's step."""
    return {**relu4(seed),
            "optimizer": lambda parameters, rate: torch.optim.RMSprop(parameters, rate, weight_decay=1e-4)}


def convolutional(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(OrderedDict([
        ("channel", nn.Unflatten(1, (1, 40))), ("c1", nn.Conv1d(1, 12, 5, stride=2, padding=2)), ("a1", nn.ReLU()),
        ("c2", nn.Conv1d(12, 16, 5, stride=2, padding=2)), ("a2", nn.ReLU()), ("flat", nn.Flatten()),
        ("l3", nn.Linear(160, 48)), ("a3", nn.ReLU()), ("l4", nn.Linear(48, 10)),
    ]))
    return described(
        model, sets(), "two convolutions and two dense layers", "MNIST-1D, 4000 training examples")


convolutional_adam = adam(convolutional)
