"""Writes task2vec.json: embeddings and distances by the formulas of the Task2Vec code, in float64.

Needs numpy, torch and scipy. `python task2vec.py` writes beside itself; the result is the same every
time. One network, two sets of weights. The embedding and the distances are those of
`Task2Vec.extract_embedding` (method='montecarlo'), `get_scaled_hessian`, `cosine` and
`get_trivial_embedding_from` (awslabs/aws-cv-task2vec, task2vec.py and task_similarity.py), with the
labels summed over instead of sampled and one example per batch. The fine-tuning cost is torch's
kl_divergence of two normal distributions; β and λ² come from bisection, as in generate.py.
"""

import json
import math
import pathlib

import numpy as np
import torch
from scipy.spatial import distance

torch.set_num_threads(1)
rng = np.random.default_rng(77)
N, INPUTS, HIDDEN, CLASSES, TOLERANCE = 12, 5, 7, 3, 0.01


def f32(a):
    return np.asarray(a, dtype=np.float32).astype(np.float64)


class Network(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.fc1 = torch.nn.Linear(INPUTS, HIDDEN, dtype=torch.float64)
        self.fc2 = torch.nn.Linear(HIDDEN, CLASSES, dtype=torch.float64)
        self.load_state_dict({k: torch.tensor(v) for k, v in weights.items()})

    @property
    def classifier(self):
        return self.fc2

    def forward(self, x):
        return self.fc2(torch.tanh(self.fc1(x)))


def compute_fisher(model, x):
    """montecarlo_fisher with every label, weighted, instead of a drawn one."""
    for p in model.parameters():
        p.grad2_acc = torch.zeros_like(p.data)
    loss_fn = torch.nn.CrossEntropyLoss()
    for i in range(len(x)):
        probability = model(x[i:i + 1]).softmax(-1).detach()[0]
        for label in range(CLASSES):
            model.zero_grad()
            loss_fn(model(x[i:i + 1]), torch.tensor([label])).backward()
            for p in model.parameters():
                p.grad2_acc += probability[label] * p.grad.data**2 / len(x)


def extract_embedding(model):
    hess = []
    for name, module in model.named_modules():
        if module is model.classifier:
            continue
        if hasattr(module, "weight") and hasattr(module.weight, "grad2_acc"):
            grad2 = module.weight.grad2_acc.cpu().detach().numpy()
            hess.append(grad2.reshape(grad2.shape[0], -1).mean(axis=1))
    return np.concatenate(hess)


def get_scaled_hessian(h0, h1):
    return h0 / (h0 + h1 + 1e-8), h1 / (h0 + h1 + 1e-8)


def cosine(h0, h1):
    return float(distance.cosine(*get_scaled_hessian(h0, h1)))


def prior(h, w, beta):
    """The root of λ² mean(s/(1+s)) = mean w² by bisection."""
    low, high = -200.0, 200.0
    for _ in range(300):
        middle = (low + high) / 2
        s = math.exp(middle) * h / beta
        if math.exp(middle) * (s / (1 + s)).mean() < (w**2).mean():
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)


def solve(layers):
    """β at which the predicted rise over all layers is the tolerance, and each layer's λ²."""
    def rise(beta):
        s = [prior(h, w, beta) * h / beta for h, w in layers]
        return sum(beta / 2 * (v / (1 + v)).sum() for v in s)

    low, high = -80.0, 40.0
    for _ in range(120):
        middle = (low + high) / 2
        low, high = (middle, high) if rise(math.exp(middle)) < TOLERANCE else (low, middle)
    beta = math.exp((low + high) / 2)
    return beta, [prior(h, w, beta) for h, w in layers]


def by_layer(model):
    def flat(values):
        return np.concatenate([v.detach().numpy().reshape(-1) for v in values])

    return [
        (flat([m.weight.grad2_acc, m.bias.grad2_acc]), flat([m.weight, m.bias]))
        for m in (model.fc1, model.fc2)
    ]


x = f32(rng.normal(size=(N, 1, INPUTS)))
tasks = []
for scale in (0.5, 1.1):
    weights = {
        "fc1.weight": f32(rng.normal(size=(HIDDEN, INPUTS)) * scale),
        "fc1.bias": f32(rng.normal(size=HIDDEN) * 0.2),
        "fc2.weight": f32(rng.normal(size=(CLASSES, HIDDEN)) * 0.8),
        "fc2.bias": f32(rng.normal(size=CLASSES) * 0.1),
    }
    model = Network(weights)
    compute_fisher(model, torch.tensor(x[:, 0]))
    layers = by_layer(model)
    beta, priors = solve(layers)
    embedding = extract_embedding(model)
    trivial = np.full_like(embedding, beta / priors[0])
    tasks.append({
        "weights": weights, "embedding": embedding, "layers": layers, "beta": beta,
        "priors": priors, "from_trivial": cosine(embedding + trivial, trivial),
    })


def cost(start, end):
    """KL(N(w_end, Σ_end) ‖ N(w_start, Σ_start)) of each layer, bits."""
    def normal(task, l):
        h, w = task["layers"][l]
        variance = task["priors"][l] / (1 + task["priors"][l] * h / task["beta"])
        return torch.distributions.Normal(torch.tensor(w), torch.tensor(variance).sqrt())

    return [
        float(torch.distributions.kl_divergence(normal(end, l), normal(start, l)).sum()
              / math.log(2))
        for l in range(2)
    ]


a, b = tasks
symmetric = cosine(a["embedding"], b["embedding"])
golden = {
    "examples": N, "inputs": INPUTS, "hidden": HIDDEN, "classes": CLASSES,
    "tolerance_nats": TOLERANCE, "input": x.reshape(-1).tolist(),
    "tasks": [
        {
            "weights": {k: v.reshape(-1).tolist() for k, v in t["weights"].items()},
            "embedding": t["embedding"].tolist(), "from_trivial": t["from_trivial"],
        }
        for t in tasks
    ],
    "symmetric": symmetric,
    "asymmetric": [symmetric - 0.15 * t["from_trivial"] for t in tasks],
    "cost_bits": [cost(a, b), cost(b, a)],
}
path = pathlib.Path(__file__).with_name("task2vec.json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
