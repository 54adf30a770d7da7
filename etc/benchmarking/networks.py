"""The networks that are timed, from their own definitions with fixed seeds, and their probes."""
import pathlib
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "probes"))
from make_probe import make_probe  # noqa: E402


class Case:
    """A network, a batch, and where its checkpoint and probe are kept."""

    def __init__(self, name, model, inputs, targets, folder):
        self.name, self.model, self.inputs, self.targets = name, model.eval(), inputs, targets
        self.folder = pathlib.Path(folder) / name
        self.is_language = targets is None

    @property
    def examples(self):
        return len(self.inputs)

    @property
    def parameters(self):
        return sum(p.numel() for p in self.model.parameters())

    @property
    def checkpoint(self):
        return self.folder / "model.pt"

    @property
    def probe(self):
        return self.folder / "probe"

    def export(self):
        """Writes the checkpoint, and the probe unless it is there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.save(self.model.state_dict(), self.checkpoint)
        task = "language-model" if self.is_language else "classification"
        if not (self.probe / "graph.onnx").exists():
            make_probe(self.probe, self.model, self.inputs, self.targets, task=task)
        for data in self.probe.glob("*.data"):
            data.unlink()  # the graph's own weights are never read
        return self

    def loss(self):
        """The plain training loss of the whole batch."""
        logits = self.model(self.inputs)
        if self.is_language:
            return functional.cross_entropy(logits[:, :-1].flatten(0, 1), self.inputs[:, 1:].flatten())
        return functional.cross_entropy(logits, self.targets)


class ResidualBlock(nn.Module):
    """Two 3 × 3 convolutions and the way around them (He et al. 2016)."""

    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()
        self.shortcut = nn.Sequential()
        if stride != 1 or channels_in != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        return self.relu2(y + self.shortcut(x))


def mlp(widths=(784, 1024, 1024, 10)):
    layers = []
    for before, after in zip(widths, widths[1:]):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def all_cnn_c(width=96):
    """Springenberg et al. 2015, without its dropout, which evaluation leaves out."""
    layers, channels = [], 3
    for out, kernel, stride, padding in [
            (width, 3, 1, 1), (width, 3, 1, 1), (width, 3, 2, 1), (2 * width, 3, 1, 1),
            (2 * width, 3, 1, 1), (2 * width, 3, 2, 1), (2 * width, 3, 1, 0), (2 * width, 1, 1, 0),
            (10, 1, 1, 0)]:
        layers += [nn.Conv2d(channels, out, kernel, stride, padding), nn.ReLU()]
        channels = out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def resnet18():
    """With the stem for small pictures: 3 × 3, no pooling."""
    blocks, channels = [], 64
    for out, stride in [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)]:
        blocks.append(ResidualBlock(channels, out, stride))
        channels = out
    return nn.Sequential(
        nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(), *blocks,
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def gpt2():
    """124M parameters, logits only."""
    from transformers import GPT2Config, GPT2LMHeadModel

    class LanguageModel(GPT2LMHeadModel):
        def forward(self, input_ids):
            return super().forward(input_ids, use_cache=False).logits

    return LanguageModel(GPT2Config())


def settle_statistics(model, inputs):
    """Running statistics of a batch: a normalisation that was never trained would hide its cost."""
    model.train()
    with torch.no_grad():
        model(inputs)
    return model.eval()


def cases(folder, names):
    """The named cases of DESIGN's table, made one at a time."""
    for name in names:
        torch.manual_seed(0)
        if name == "mlp":
            yield Case(name, mlp(), torch.randn(256, 784), torch.randint(0, 10, (256,)), folder)
        elif name == "all-cnn-c":
            yield Case(name, all_cnn_c(), torch.randn(64, 3, 32, 32), torch.randint(0, 10, (64,)), folder)
        elif name == "resnet-18":
            inputs = torch.randn(32, 3, 32, 32)
            model = settle_statistics(resnet18(), inputs)
            yield Case(name, model, inputs, torch.randint(0, 10, (32,)), folder)
        elif name == "gpt-2":
            yield Case(name, gpt2(), torch.randint(0, 50257, (4, 128)), None, folder)


def heavy_tailed(model, seed=0):
    """Scales rows and columns of every matrix by Pareto factors: spectra with tails, as training gives them."""
    generator = numpy.random.default_rng(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() != 2:
                continue
            for axis in (0, 1):
                factors = (1 + generator.pareto(4.0, parameter.shape[axis])) ** 0.5
                shape = (-1, 1) if axis == 0 else (1, -1)
                parameter.mul_(torch.tensor(factors, dtype=torch.float32).reshape(shape))
    return model


NAMES = ["mlp", "all-cnn-c", "resnet-18", "gpt-2"]
