"""What a Python script does of a small model's report: the rival of `probe` on the mnist1d run.

    python report.py CHECKPOINT BATCH

Loads the checkpoint with PyTorch and writes, as YAML: loss, accuracy, confidence, exact Fisher trace
and diagonal per tensor, information at a tolerance per layer, spectra with their power-law fits, and
debiased CKA between neighbouring layers: what plasticityd's report of the same holds.
"""
import math
import sys

import numpy
import torch
import yaml
from torch import nn
from torch.func import functional_call, jacrev, vmap


class Mnist1D(nn.Module):
    """The recorded run's network: five convolutions with normalisation, mean over places, one dense layer."""

    def __init__(self):
        super().__init__()
        for i, (a, b, k, s) in enumerate(
                [(1, 32, 5, 1), (32, 32, 3, 2), (32, 64, 3, 1), (64, 64, 3, 2), (64, 64, 3, 1)], 1):
            setattr(self, f"conv{i}", nn.Sequential(
                nn.Conv1d(a, b, k, s, k // 2, bias=False), nn.BatchNorm1d(b), nn.ReLU()))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        for i in range(1, 6):
            x = getattr(self, f"conv{i}")(x)
        return self.fc(x.mean(-1))


def fisher(model, inputs):
    """Exact diagonal of F by tensor: Σ_c p_c (∂ log p_c)² from the Jacobian of the logits."""
    weights = {k: v.detach() for k, v in model.named_parameters()}
    buffers = {k: v.detach() for k, v in model.named_buffers()}

    def log_probabilities(weights, x):
        return functional_call(model, (weights, buffers), (x.unsqueeze(0),))[0].log_softmax(-1)

    sums = {k: torch.zeros_like(v) for k, v in weights.items()}
    for block in inputs.split(32):
        jacobian = vmap(jacrev(log_probabilities), in_dims=(None, 0))(weights, block)
        with torch.no_grad():
            p = model(block).softmax(-1)
        for k, j in jacobian.items():
            sums[k] += torch.einsum("nc,nc...->...", p, j.square())
    return {k: v / len(inputs) for k, v in sums.items()}


def information_bits(layers, tolerance):
    """½ Σ log2(1 + s) of each layer at the β where the predicted rise of the loss is the tolerance."""
    def at(beta):
        bits, rise = [], 0.0
        for w2, h in layers:
            low, high = 1e-12, 1e12
            for _ in range(60):
                prior = math.sqrt(low * high)
                s = prior * h / beta
                if prior * (s / (1 + s)).mean() < w2:
                    low = prior
                else:
                    high = prior
            bits.append(float(torch.log2(1 + s).sum() / 2))
            rise += float(beta / 2 * (s / (1 + s)).sum())
        return bits, rise
    low, high = 1e-12, 1.0
    for _ in range(40):
        beta = math.sqrt(low * high)
        bits, rise = at(beta)
        low, high = (beta, high) if rise < tolerance else (low, beta)
    return bits


def spectrum(weight):
    sigma = torch.linalg.svdvals(weight.flatten(1).double()).numpy()
    logs = numpy.sort(2 * numpy.log(sigma[sigma > 0]))
    best = (math.inf, None)
    for i in range(len(logs) - 1):
        tail = logs[i:] - logs[i]
        alpha = 1 + len(tail) / tail.sum()
        distance = numpy.abs(1 - numpy.exp((1 - alpha) * tail) - numpy.arange(len(tail)) / len(tail)).max()
        best = min(best, (distance, alpha))
    share = sigma / sigma.sum()
    return {"spectral_norm": float(sigma[0]), "stable_rank": float((sigma ** 2).sum() / sigma[0] ** 2),
            "effective_rank": float(numpy.exp(-(share * numpy.log(share)).sum())),
            "alpha": None if best[1] is None else float(best[1])}


def debiased(x):
    """Song et al. 2012: the centred Gram matrix whose products are unbiased HSIC."""
    gram = (x @ x.T).double()
    gram.fill_diagonal_(0)
    n = len(gram)
    rows = gram.sum(1) / (n - 2)
    gram = gram - rows[:, None] - rows[None, :] + gram.sum() / ((n - 1) * (n - 2))
    return gram.fill_diagonal_(0)


def main():
    torch.set_num_threads(2)
    path, batch = sys.argv[1:]
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model = Mnist1D()
    model.load_state_dict(checkpoint["model_state_dict"])
    model.eval()
    arrays = numpy.load(batch)
    inputs, target = torch.tensor(arrays["input"]), torch.tensor(arrays["target"])
    recordings = {}
    for name, module in model.named_modules():
        if name and not list(module.children()):
            module.register_forward_hook(
                lambda _, __, y, name=name: recordings.__setitem__(name, y.flatten(1)))
    with torch.no_grad():
        logits = model(inputs)
    p = logits.softmax(-1)
    grams = [debiased(r) for r in recordings.values()]
    diagonal = fisher(model, inputs)
    names = sorted({k.rsplit(".", 1)[0] for k in diagonal})
    weights = dict(model.named_parameters())
    layers = []
    for name in names:
        own = [k for k in diagonal if k.rsplit(".", 1)[0] == name]
        w = torch.cat([weights[k].detach().flatten() for k in own])
        layers.append((float(w.square().mean()), torch.cat([diagonal[k].flatten() for k in own])))
    bits = information_bits(layers, 0.01)
    yaml.safe_dump({
        "step": checkpoint["global_step"],
        "loss": float(nn.functional.cross_entropy(logits, target)),
        "accuracy": float((logits.argmax(-1) == target).float().mean()),
        "confidence": float((p * (1 - p)).sum(-1).mean()),
        "fisher_trace": float(sum(v.sum() for v in diagonal.values())),
        "information_bits": sum(bits),
        "layers": [{
            "name": name, "information_bits": b,
            "tensors": [{"name": k, "fisher_trace": float(diagonal[k].sum()),
                         **(spectrum(weights[k].detach()) if weights[k].dim() > 1 else {})}
                        for k in diagonal if k.rsplit(".", 1)[0] == name]}
            for name, b in zip(names, bits)],
        "cka": [float((a * b).sum() / (a.norm() * b.norm())) for a, b in zip(grams, grams[1:])],
    }, sys.stdout)


if __name__ == "__main__":
    main()
