"""What the generators record about a fixture: names, shapes, types and norms as its own library reads them."""
import json
import os

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = os.path.join(HERE, "expected.json")


def norm(tensor):
    return float(tensor.detach().to(torch.float64).square().sum().sqrt())


def expect(path, tensors, moments=None, **facts):
    """`moments`: (first, second) tensors by parameter."""
    expected = json.load(open(PATH)) if os.path.exists(PATH) else {}
    expected[path] = {
        "tensors": [
            {"name": n, "shape": list(t.shape), "type": str(t.dtype).removeprefix("torch."), "norm": norm(t)}
            for n, t in tensors.items()
        ],
        "moments": [
            {"parameter": n, "first": norm(a), "second": float(b.double().sum())}
            for n, (a, b) in (moments or {}).items()
        ],
        **facts,
    }
    with open(PATH, "w") as file:
        json.dump(dict(sorted(expected.items())), file, indent=0)


class Small(torch.nn.Module):
    """A convolution, a normalisation with buffers, and two linear layers of equal shapes."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv1d(1, 4, 2, bias=False)
        self.bn = torch.nn.BatchNorm1d(4)
        self.fc1 = torch.nn.Linear(4, 4)
        self.fc2 = torch.nn.Linear(4, 4)

    def forward(self, x):
        return self.fc2(self.fc1(torch.relu(self.bn(self.conv(x))).mean(-1)))


def train(model, optimizer, steps=3, make=lambda: torch.randn(4, 1, 6)):
    for _ in range(steps):
        optimizer.zero_grad()
        model(make()).float().square().sum().backward()
        optimizer.step()
    return optimizer


def moments_of(model, optimizer, prefix=""):
    return {
        prefix + n: (optimizer.state[p]["exp_avg"], optimizer.state[p]["exp_avg_sq"])
        for n, p in model.named_parameters()
        if p in optimizer.state
    }
