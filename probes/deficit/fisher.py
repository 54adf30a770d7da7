"""The exact Fisher information of a classifier in PyTorch, per tensor, and series.json.

An independent second way beside `plasticityd probe`, for small networks: one gradient per example and
class. Definition: etc/doc/measurements.md, section 1.
"""

import torch
import torch.nn.functional as F
from torch.func import functional_call, grad_and_value, vmap


def fisher(model, inputs, chunk=64):
    """{"total", "error", "confidence", "tensors": {name: trace}} of tr F at the model's weights.

    E_x Σ_c p_c ‖∇ log p_c‖², in evaluation mode; the error is the standard error of the total over
    examples, None where there is one only; confidence is the mean of Σ p(1 − p).
    """
    weights = {name: value.detach() for name, value in model.named_parameters() if value.requires_grad}
    rest = {**{n: v.detach() for n, v in model.named_parameters() if not v.requires_grad},
            **dict(model.named_buffers())}
    training = model.training
    model.eval()

    def log_probability(weights, example, label):
        logits = functional_call(model, ({**weights, **rest},), (example.unsqueeze(0),))[0]
        return F.log_softmax(logits, 0)[label]

    def squares(example, label):
        gradient, value = grad_and_value(log_probability)(weights, example, label)
        return {name: g.square().sum() for name, g in gradient.items()}, value

    tensors = {name: [] for name in weights}
    confidence = []
    with torch.no_grad():
        classes = model(inputs[:1]).shape[1]
    for part in inputs.split(chunk):
        sums = {name: torch.zeros(len(part), dtype=torch.float64) for name in weights}
        doubt = torch.zeros(len(part), dtype=torch.float64)
        for label in range(classes):
            found, value = vmap(squares, (0, None))(part, torch.tensor(label))
            p = value.double().exp()
            doubt += p * (1 - p)
            for name, squared in found.items():
                sums[name] += p * squared.double()
        confidence.append(doubt)
        for name in weights:
            tensors[name].append(sums[name])
    model.train(training)
    tensors = {name: torch.cat(parts) for name, parts in tensors.items()}
    each = sum(tensors.values())
    return {
        "total": each.mean().item(),
        "error": (each.std() / len(each) ** 0.5).item() if len(each) > 1 else None,
        "confidence": torch.cat(confidence).mean().item(),
        "tensors": {name: parts.mean().item() for name, parts in tensors.items()},
    }


def series_row(model, inputs, epoch, step, learning_rate, scores):
    """One element of series.json; `scores` are the accuracies and losses at this checkpoint."""
    found = fisher(model, inputs)
    return {
        "epoch": epoch, "step": step, "learning_rate": learning_rate,
        **{key: round(value, 5) for key, value in scores.items()},
        "fisher_trace": found["total"], "standard_error": found["error"],
        "confidence": found["confidence"], "tensors": found["tensors"],
        "norms": {name: value.detach().norm().item() for name, value in model.named_parameters()},
    }
