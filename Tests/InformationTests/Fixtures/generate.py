"""Writes goldens.json: float64 values by the slow, obvious way, for InformationTests.

Needs numpy and torch. `python generate.py` writes beside itself; the result is the same every time.
Every array that the Swift side reads as float32 is rounded to float32 before it is used here.
"""

import json
import math
import pathlib

import numpy as np
import torch

torch.set_num_threads(1)
rng = np.random.default_rng(20240611)


def f32(a):
    return np.asarray(a, dtype=np.float32).astype(np.float64)


def flat(a):
    return [float(v) for v in np.asarray(a).reshape(-1)]


def network(scale, positions, inputs, hidden, classes, n):
    x = f32(rng.normal(size=(n, positions, inputs)))
    p = {
        "fc1.weight": f32(rng.normal(size=(hidden, inputs)) * 0.7),
        "fc1.bias": f32(rng.normal(size=hidden) * 0.2),
        "fc2.weight": f32(rng.normal(size=(classes, hidden)) * scale),
        "fc2.bias": f32(rng.normal(size=classes) * 0.1),
    }
    return x, p


def outputs(x, p):
    h = torch.tanh(x @ p["fc1.weight"].T + p["fc1.bias"])
    return h @ p["fc2.weight"].T + p["fc2.bias"]


def squares(scalar, p):
    grads = torch.autograd.grad(scalar, list(p.values()), retain_graph=True)
    return [g * g for g in grads]


def case(task, scale, positions, inputs, hidden, classes, n):
    x, p = network(scale, positions, inputs, hidden, classes, n)
    names = list(p)
    t = {k: torch.tensor(v, requires_grad=True) for k, v in p.items()}
    if task == "regression":
        y = f32(rng.normal(size=(n, positions, classes)))
    elif task == "language-model":
        y = rng.integers(0, classes, size=(n, positions))
    else:
        y = rng.integers(0, classes, size=(n, positions))
    fisher = np.zeros((len(names), n))
    empirical = np.zeros_like(fisher)
    jacobian = np.zeros_like(fisher)
    diagonal = [np.zeros(v.shape) for v in p.values()]
    losses, hits, confidences, entropies = [], [], [], []
    for i in range(n):
        z = outputs(torch.tensor(x[i]), t)  # [positions, classes]
        measured = range(positions - 1) if task == "language-model" else range(positions)
        if task == "regression":
            residual = torch.tensor(y[i]) - z
            nll = (residual**2).sum() / 2
            losses.append(float(nll.detach()))
            for l, s in enumerate(squares(nll, t)):
                empirical[l, i] = float(s.sum())
            for pos in measured:
                for c in range(classes):
                    for l, s in enumerate(squares(z[pos, c], t)):
                        fisher[l, i] += float(s.sum())
                        jacobian[l, i] += float(s.sum()) / (positions * classes)
                        diagonal[l] += s.numpy() / n
            continue
        logp = z.log_softmax(-1)
        prob = logp.exp().detach()
        label = (lambda pos: y[i][pos + 1]) if task == "language-model" else (lambda pos: y[i][pos])
        total = sum(logp[pos, label(pos)] for pos in measured)
        count = len(measured)
        losses.append(-float(total.detach()) / count)
        hits.append(sum(int(z[pos].argmax()) == label(pos) for pos in measured) / count)
        confidences.append(
            sum(float((prob[pos] * (1 - prob[pos])).sum()) for pos in measured) / count)
        entropies.append(
            -sum(float((prob[pos] * logp[pos].detach()).sum()) for pos in measured) / count)
        for l, s in enumerate(squares(total, t)):
            empirical[l, i] = float(s.sum())
        for pos in measured:
            for c in range(classes):
                for l, s in enumerate(squares(logp[pos, c], t)):
                    fisher[l, i] += float(prob[pos, c]) * float(s.sum())
                    diagonal[l] += float(prob[pos, c]) * s.numpy() / n
                for l, s in enumerate(squares(z[pos, c], t)):
                    jacobian[l, i] += float(s.sum()) / classes
    result = {
        "task": task, "examples": n, "positions": positions, "inputs": inputs, "hidden": hidden,
        "classes": classes, "input": flat(x), "target": flat(y),
        "weights": {k: flat(v) for k, v in p.items()},
        "fisher": {k: flat(fisher[l]) for l, k in enumerate(names)},
        "empirical": {k: flat(empirical[l]) for l, k in enumerate(names)},
        "jacobian": {k: flat(jacobian[l]) for l, k in enumerate(names)},
        "diagonal": {k: flat(diagonal[l]) for l, k in enumerate(names)},
        "scale_free": {k: float((diagonal[l] * p[k] ** 2).sum()) for l, k in enumerate(names)},
        "loss": float(np.mean(losses)),
    }
    if task != "regression":
        seen = y[:, 1:] if task == "language-model" else y
        share = np.bincount(seen.reshape(-1), minlength=classes) / seen.size
        share = share[share > 0]
        result |= {
            "accuracy": float(np.mean(hits)), "confidence": float(np.mean(confidences)),
            "entropy_bits": float(np.mean(entropies)) / math.log(2),
            "usable_information_bits":
                float(-(share * np.log2(share)).sum() - np.mean(losses) / math.log(2)),
        }
    return result


def prior(h, w, beta):
    """The root of λ² mean(s/(1+s)) = mean w² by bisection."""
    goal = (w**2).mean()
    low, high = -200.0, 200.0
    for _ in range(300):
        middle = (low + high) / 2
        variance = math.exp(middle)
        s = variance * h / beta
        if variance * (s / (1 + s)).mean() < goal:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)


def information(layers, tolerance):
    def rise(beta):
        total = 0.0
        for h, w in layers:
            s = prior(h, w, beta) * h / beta
            total += beta / 2 * (s / (1 + s)).sum()
        return total

    low, high = -80.0, 40.0
    for _ in range(120):
        middle = (low + high) / 2
        if rise(math.exp(middle)) < tolerance:
            low = middle
        else:
            high = middle
    beta = math.exp((low + high) / 2)
    out = {"tolerance_nats": tolerance, "beta": beta, "predicted_rise": rise(beta), "layers": []}
    for h, w in layers:
        variance = prior(h, w, beta)
        s = variance * h / beta
        out["layers"].append({
            "information_bits": float(np.log2(1 + s).sum() / 2),
            "prior_variance": variance,
            "noise_budget": float(math.sqrt((variance / (1 + s)).mean() / (w**2).mean())),
        })
    return out


def information_case():
    layers = []
    for n, weight, curvature in [(7, 1.0, 1e-2), (190, 0.05, 3.0), (64, 0.3, 1e-6)]:
        w = f32(rng.normal(size=n) * weight)
        h = f32(np.exp(rng.normal(size=n) * 3) * curvature)
        h[rng.random(n) < 0.1] = 0  # dead units
        layers.append((h, w))
    return {
        "layers": [{"weights": flat(w), "curvature": flat(h)} for h, w in layers],
        "solutions": [information(layers, e) for e in (1e-3, 1e-2, 1e-1, 3.0)],
    }


def power_law(eigenvalues):
    """WeightWatcher's fit: every value but the largest is tried as x_min, the least KS wins."""
    x = np.sort(eigenvalues)
    best = (math.inf, None)
    for i in range(len(x) - 1):
        tail = x[i:]
        n = float(len(tail))
        alpha = 1 + n / (np.log(tail).sum() - n * np.log(x[i]))
        distance = np.max(np.abs(1 - (tail / x[i]) ** (1 - alpha) - np.arange(n) / n))
        if distance < best[0]:
            best = (distance, alpha)
    return best


def spectrum_case(shape, tail):
    w = rng.normal(size=shape)
    if tail:
        w = w * np.exp(rng.exponential(size=(shape[0],) + (1,) * (len(shape) - 1)))
    w = f32(w)
    s = np.linalg.svd(w.reshape(shape[0], -1), compute_uv=False)
    q = s / s.sum()
    distance, alpha = power_law(s**2)
    return {
        "shape": list(shape), "weights": flat(w), "frobenius_norm": float(np.linalg.norm(w)),
        "spectral_norm": float(s[0]), "stable_rank": float((s**2).sum() / s[0] ** 2),
        "effective_rank": float(np.exp(-(q * np.log(q)).sum())),
        "srank_99": int(np.searchsorted(np.cumsum(s), 0.99 * s.sum()) + 1),
        "alpha": float(alpha), "distance": float(distance), "singular_values": flat(s),
    }


def hsic(k, l):
    """The unbiased estimator, equation 5 of Song et al. 2012."""
    n = len(k)
    k = k - np.diag(np.diag(k))
    l = l - np.diag(np.diag(l))
    one = np.ones(n)
    return (np.trace(k @ l) + one @ k @ one * (one @ l @ one) / (n - 1) / (n - 2)
            - 2 / (n - 2) * (one @ k @ l @ one)) / n / (n - 3)


def alignment_case():
    n = 24
    x = rng.normal(size=(n, 5))
    records = {
        "first": f32(x @ rng.normal(size=(5, 40)) + 3.0),
        "second": f32(np.tanh(x @ rng.normal(size=(5, 7))) * 100),
        "random": f32(rng.normal(size=(n, 200))),
    }
    gram = {k: v @ v.T for k, v in records.items()}
    pairs = {}
    for a in records:
        for b in records:
            pairs[f"{a} {b}"] = float(
                hsic(gram[a], gram[b]) / math.sqrt(hsic(gram[a], gram[a]) * hsic(gram[b], gram[b])))
    capacity = {}
    for k, v in records.items():
        noise = 0.1 * math.sqrt((v**2).mean())
        covariance = np.atleast_2d(np.cov(v.T))
        sign, logdet = np.linalg.slogdet(np.eye(len(covariance)) + covariance / noise**2)
        capacity[k] = float(logdet / 2 / math.log(2))
    return {
        "examples": n, "records": {k: flat(v) for k, v in records.items()},
        "cka": pairs, "capacity_bits": capacity,
    }


goldens = {
    "classification": case("classification", 0.8, 1, 5, 6, 4, 10),
    "confident": case("classification", 25.0, 1, 5, 6, 4, 10),
    "language_model": case("language-model", 0.8, 5, 4, 5, 3, 7),
    "regression": case("regression", 0.8, 1, 5, 6, 3, 9),
    "information": information_case(),
    "spectra": [
        spectrum_case((12, 30), False), spectrum_case((40, 16), True),
        spectrum_case((14, 3, 5), True),
    ],
    "alignment": alignment_case(),
}
path = pathlib.Path(__file__).with_name("goldens.json")
path.write_text(json.dumps(goldens, separators=(",", ":")) + "\n")
