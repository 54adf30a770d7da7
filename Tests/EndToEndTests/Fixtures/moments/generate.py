"""Checkpoints of optimizers whose moments are unlike Adam's with one decay, and what the squared gradients
of their steps were: `generate.py torch` by torch 2.13, `generate.py jax` by flax 0.12.8 and optax 0.2.8.

expected.json has, for each run and layer, the mean of |gradient|^2 over steps 1-4 and 5-9 in float64, weighted
as the optimizer's own recursion weights them.
"""
import json
import pathlib
import sys

import numpy as np

FOLDER = pathlib.Path(__file__).parent
STEPS = (4, 9)
rng = np.random.default_rng(7)
X, Y = rng.standard_normal((2, 9, 16, 5)).astype("f4")
Y = Y[..., :3]


def mean(squares, first, last, beta2):
    """Of steps first < t <= last; beta2 None weights all alike."""
    weights = [1.0 if beta2 is None else beta2 ** (last - t) for t in range(first + 1, last + 1)]
    return float(np.dot(weights, squares[first:last]) / sum(weights))


def keep(run, squares, beta2):
    path = FOLDER / "expected.json"
    expected = json.loads(path.read_text()) if path.exists() else {}
    expected[run] = {layer: [mean(s, 0, 4, beta2[layer]), mean(s, 4, 9, beta2[layer])]
                     for layer, s in squares.items()}
    path.write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")


def run_torch(name, optimizer, beta2):
    import torch

    torch.manual_seed(3)
    net = torch.nn.Sequential(torch.nn.Linear(5, 6), torch.nn.Tanh(), torch.nn.Linear(6, 3))
    optimizer = optimizer(net)
    squares = {"0": [], "2": []}
    for step in range(1, 10):
        optimizer.zero_grad()
        (net(torch.from_numpy(X[step - 1])) - torch.from_numpy(Y[step - 1])).square().mean().backward()
        for layer in squares:
            squares[layer].append(sum(p.grad.double().square().sum().item() for p in net[int(layer)].parameters()))
        optimizer.step()
        if step in STEPS:
            torch.save({"model": net.state_dict(), "optimizer": optimizer.state_dict(), "step": step},
                       FOLDER / f"{name}-{step}.pt")
    keep(name, squares, beta2)


def run_jax(name, make, beta2):
    import jax
    import jax.numpy as jnp
    from flax import serialization
    from flax.training import train_state

    sizes = {"Dense_0": (5, 6), "Dense_1": (6, 3)}
    weights = np.random.default_rng(8)
    params = {n: {"kernel": jnp.asarray(weights.standard_normal(s) / 2, jnp.float32), "bias": jnp.zeros(s[1])}
              for n, s in sizes.items()}

    def loss(p, x, y):
        hidden = jnp.tanh(x @ p["Dense_0"]["kernel"] + p["Dense_0"]["bias"])
        return ((hidden @ p["Dense_1"]["kernel"] + p["Dense_1"]["bias"] - y) ** 2).mean()

    state = train_state.TrainState.create(apply_fn=None, params=params, tx=make())
    squares = {f"params/{n}": [] for n in sizes}
    for step in range(1, 10):
        grads = jax.grad(loss)(state.params, X[step - 1], Y[step - 1])
        for layer in sizes:
            squares[f"params/{layer}"].append(
                sum(float((np.asarray(g, "f8") ** 2).sum()) for g in grads[layer].values()))
        state = state.apply_gradients(grads=grads)
        if step in STEPS:
            (FOLDER / f"{name}-{step}.msgpack").write_bytes(serialization.to_bytes(state))
    keep(name, squares, dict.fromkeys(squares, beta2))


if sys.argv[1] == "torch":
    import torch

    run_torch("adagrad", lambda net: torch.optim.Adagrad(net.parameters(), lr=0.1, initial_accumulator_value=0.25),
              {"0": None, "2": None})
    run_torch("two-betas", lambda net: torch.optim.AdamW(
        [{"params": net[0].parameters(), "betas": (0.8, 0.9)}, {"params": net[2].parameters()}], lr=0.01),
              {"0": 0.9, "2": 0.999})
else:
    import optax

    run_jax("optax", lambda: optax.adamw(1e-2, b2=0.95), 0.95)
    run_jax("injected", lambda: optax.inject_hyperparams(optax.adam)(learning_rate=1e-2, b2=0.9), float(np.float32(0.9)))
    run_jax("optax-adagrad", lambda: optax.adagrad(0.1), None)
