"""Writes measured_rise.json: what noise on the weights does to the loss, by PyTorch in float64.

`python measure_rise.py` reads the checkpoints, the probe and reference_information.json beside itself.
The diagonal Fisher information is summed over classes, example by example; 200 antithetic pairs of
draws from N(w, diag σ²) give the mean rise, its spread over pairs, and the mean drop of the accuracy.
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(7)
here = pathlib.Path(__file__).parent
batch = np.load(here / "probe" / "batch.npz")
x, y = torch.tensor(batch["input"], dtype=torch.float64), torch.tensor(batch["target"])
STRIDES = {1: 1, 2: 2, 3: 1, 4: 2, 5: 1}


def logits(p, buffers, x):
    for l, stride in STRIDES.items():
        weight = p[f"conv{l}.0.weight"]
        x = F.conv1d(x, weight, stride=stride, padding=weight.shape[-1] // 2)
        x = F.relu(F.batch_norm(
            x, buffers[f"conv{l}.1.running_mean"], buffers[f"conv{l}.1.running_var"],
            p[f"conv{l}.1.weight"], p[f"conv{l}.1.bias"], False, 0.1, 1e-5))
    return F.linear(x.mean(-1), p["fc.weight"], p["fc.bias"])


def diagonal(p, buffers):
    p = {k: v.clone().requires_grad_() for k, v in p.items()}
    sums = {k: torch.zeros_like(v) for k, v in p.items()}
    for i in range(len(x)):
        logp = logits(p, buffers, x[i:i + 1]).log_softmax(-1)[0]
        for c in range(len(logp)):
            grads = torch.autograd.grad(logp[c], list(p.values()), retain_graph=True)
            for k, g in zip(p, grads):
                sums[k] += logp[c].detach().exp() * g * g / len(x)
    return sums


def performance(p, buffers):
    z = logits(p, buffers, x)
    return float(F.cross_entropy(z, y)), float((z.argmax(-1) == y).double().mean())


def load(name):
    state = torch.load(here / "checkpoints" / name, weights_only=True)["model_state_dict"]
    p = {k: v.double() for k, v in state.items() if "running" not in k and "num_" not in k}
    return p, {k: v.double() for k, v in state.items() if "running" in k}


def main():
    information = json.loads((here / "reference_information.json").read_text())
    results = {}
    for name in ["epoch_004.pt", "epoch_060.pt"]:
        p, buffers = load(name)
        h = diagonal(p, buffers)
        loss, accuracy = performance(p, buffers)
        results[name] = {}
        for tolerance in ["0.001", "0.01"]:
            solved = information[name][tolerance]
            deviation = {}
            for k in p:
                prior = solved["layers"][k.rsplit(".", 1)[0]]["prior_variance"]
                deviation[k] = (prior / (1 + prior * h[k] / solved["beta"])).sqrt()
            rises, drops = [], []
            for pair in range(200):
                z = {k: torch.randn_like(v) for k, v in p.items()}
                sides = [
                    performance({k: p[k] + s * deviation[k] * z[k] for k in p}, buffers)
                    for s in (1, -1)
                ]
                rises.append((sides[0][0] + sides[1][0]) / 2 - loss)
                drops.append(accuracy - (sides[0][1] + sides[1][1]) / 2)
            results[name][tolerance] = {
                "loss_rise": float(np.mean(rises)), "spread_over_pairs": float(np.std(rises, ddof=1)),
                "accuracy_drop": float(np.mean(drops)),
            }
    (here / "measured_rise.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
