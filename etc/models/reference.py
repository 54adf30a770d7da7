"""Loss and Fisher information of a PyTorch model in double precision, example by example.

The definitions are those of etc/doc/measurements.md §1, computed the slow and obvious way: one
gradient for each class of each counted position.
"""

import torch
from torch.nn import functional as F

IGNORED = -100


def first(output):
    """The prediction in a model's output, as make_probe takes it."""
    if torch.is_tensor(output):
        return output
    if not hasattr(output, "keys"):
        return output[0]
    return output["logits" if "logits" in output else "out"]


def counted(task, logits, target, mask):
    """The rows of logits of one example that count, [rows, classes], and their labels."""
    if task == "classification":
        return logits[None], target.reshape(1)
    if task == "segmentation":
        logits, target = logits.flatten(1).T, target.flatten()
        keep = (target != IGNORED) & (target != 255)
        return logits[keep], target[keep]
    if task == "language-model":
        logits, target, mask = logits[:-1], target[1:], None if mask is None else mask[1:] * mask[:-1]
    keep = target != IGNORED
    if mask is not None:
        keep &= mask != 0
    return logits[keep], target[keep]


def log_likelihood(task, logits, target, mask):
    """ln p(target) of one example, and the number of positions that it sums over."""
    if task == "regression":
        return -(logits - target).square().sum() / 2, 1
    if task == "multi-label":
        keep = target != IGNORED
        return -F.binary_cross_entropy_with_logits(
            logits[keep], target[keep].to(logits), reduction="sum"), int(keep.sum())
    logits, labels = counted(task, logits, target, mask)
    return -F.cross_entropy(logits, labels, reduction="sum"), len(labels)


def directions(task, logits, target, mask):
    """Cotangents of one example whose squared gradients sum to the exact Fisher trace."""
    z = logits.detach()
    if task == "regression":
        scale = torch.ones_like(z).flatten()
    elif task == "multi-label":
        p = torch.sigmoid(z).flatten()
        scale = (p * (1 - p)).sqrt() * (target != IGNORED).flatten()
    else:
        # sqrt(p_c) (e_c - p) for each row and class, put where the row's logits are.
        place = torch.arange(z.numel()).view(z.shape)
        rows, _ = counted(task, z, target, mask)
        places, _ = counted(task, place, target, mask)
        p = torch.softmax(rows, -1)
        scores = p.sqrt()[:, :, None] * (torch.eye(p.shape[1], dtype=p.dtype) - p[:, None, :])
        cotangents = torch.zeros(scores.shape[0] * scores.shape[1], z.numel(), dtype=z.dtype)
        index = places[:, None, :].expand(scores.shape).reshape(len(cotangents), -1)
        cotangents.scatter_(1, index, scores.reshape(len(cotangents), -1))
        return cotangents.view(-1, *z.shape)
    return torch.diag(scale).view(-1, *z.shape)


def measure(case):
    """Loss, and per parameter the exact and the empirical Fisher trace: mean over the examples.

    The model stays in double precision.
    """
    model = case.model.double().eval()
    for module in model.modules():
        if isinstance(module, torch.nn.Embedding):
            module.padding_idx = None  # autograd drops that row's gradient; the function has one
    double = lambda x: x.double() if torch.is_tensor(x) and x.is_floating_point() else x
    inputs = {key: double(value) for key, value in case.inputs.items()}
    names, parameters = zip(*[(n, p) for n, p in model.named_parameters() if p.requires_grad])
    exact, empirical = {n: 0.0 for n in names}, {n: 0.0 for n in names}
    reached, total, count = set(), 0.0, 0
    examples = len(case.targets)
    for n in range(examples):
        part = {key: value[n : n + 1] for key, value in inputs.items()}
        output = case.predict(part)[0]
        target, mask = double(case.targets[n]), None if case.mask is None else case.mask[n]
        value, positions = log_likelihood(case.task, output, target, mask)
        total, count = total - value.item(), count + positions
        gradients = torch.autograd.grad(value, parameters, retain_graph=True, allow_unused=True)
        for name, gradient in zip(names, gradients):
            if gradient is not None:
                reached.add(name)
                empirical[name] += gradient.square().sum().item() / examples
        for chunk in directions(case.task, output, target, mask).split(256):
            gradients = torch.autograd.grad(
                output, parameters, chunk, retain_graph=True, allow_unused=True, is_grads_batched=True)
            for name, gradient in zip(names, gradients):
                if gradient is not None:
                    exact[name] += gradient.square().sum().item() / examples
    return {
        "loss": total / count, "exact": {n: exact[n] for n in names if n in reached},
        "empirical": {n: empirical[n] for n in names if n in reached},
        "unreached": [n for n in names if n not in reached],
    }
