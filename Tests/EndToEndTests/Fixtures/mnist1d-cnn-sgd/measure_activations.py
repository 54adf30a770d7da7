"""Writes measured_activations.json: what every layer puts out on the probe, by PyTorch in float64.

`python measure_activations.py` reads the checkpoints and the probe beside itself. For every layer:
Σ_j E(∂ log p/∂T_j)² Var T_j with labels summed over, the ranks of its features (a row for every example and
position), and the shares of dormant and dead units after a ReLU.
"""

import json

import numpy as np
import torch
import torch.nn.functional as F

from measure_rise import STRIDES, here, load, x


def forward(p, buffers, x):
    """The logits, the layers' outputs in order, and what the ReLU makes of some."""
    outputs, activations = {}, {}
    for l, stride in STRIDES.items():
        weight = p[f"conv{l}.0.weight"]
        x = outputs[f"conv{l}.0"] = F.conv1d(
            x, weight, stride=stride, padding=weight.shape[-1] // 2)
        x = outputs[f"conv{l}.1"] = F.batch_norm(
            x, buffers[f"conv{l}.1.running_mean"], buffers[f"conv{l}.1.running_var"],
            p[f"conv{l}.1.weight"], p[f"conv{l}.1.bias"], False, 0.1, 1e-5)
        x = activations[f"conv{l}.1"] = F.relu(x)
    outputs["fc"] = F.linear(x.mean(-1), p["fc.weight"], p["fc.bias"])
    return outputs["fc"], outputs, activations


def measure(name):
    p, buffers = load(name)
    p = {k: v.requires_grad_() for k, v in p.items()}
    z, outputs, activations = forward(p, buffers, x)
    log_p = z.log_softmax(-1)
    names = list(outputs)
    fisher = {k: torch.zeros_like(outputs[k][0]) for k in names}
    for c in range(z.shape[1]):
        # Examples do not meet in evaluation mode: one pass gives every example its own gradient.
        grads = torch.autograd.grad(
            log_p[:, c].sum(), [outputs[k] for k in names], retain_graph=True)
        share = log_p[:, c].exp().detach()
        for k, g in zip(names, grads):
            fisher[k] += (share.view(-1, *[1] * (g.dim() - 1)) * g * g).mean(0)
    results = {}
    for k in names:
        t = outputs[k].detach()
        matrix = t if t.dim() == 2 else t.movedim(1, -1).reshape(-1, t.shape[1])
        sigma = np.linalg.svd(matrix.numpy(), compute_uv=False)
        q = sigma / sigma.sum()
        q = q[q > 0]
        results[k] = {
            "activation_fisher": float((fisher[k] * t.var(0)).sum()),
            "effective_rank": float(np.exp(-(q * np.log(q)).sum())),
            "srank_99": int(np.searchsorted(np.cumsum(sigma), 0.99 * sigma.sum()) + 1),
        }
        if k in activations:
            score = activations[k].detach().abs().mean((0, 2))
            results[k]["dormant_fraction"] = float((score <= 0.025 * score.mean()).double().mean())
            results[k]["dead_fraction"] = float((score == 0).double().mean())
    return results


results = {name: measure(name) for name in ["epoch_000.pt", "epoch_060.pt"]}
(here / "measured_activations.json").write_text(json.dumps(results, indent=1) + "\n")
