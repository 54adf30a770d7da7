"""Per-layer Fisher trace, one sampled label per example: ours, PyTorch's plain step, the rivals."""
import copy
import statistics
import warnings

import torch
from torch.func import functional_call, grad, vmap
from torch.nn import functional

from timing import alternate, seconds, value


def plain(case):
    """Forward and backward of the batch's loss: no Fisher in it."""
    def step():
        case.model.zero_grad(set_to_none=True)
        case.loss().backward()
    return step


def drawn(logits):
    """One label from each row's own prediction, the same for every tool."""
    torch.manual_seed(0)
    rows = logits.detach().flatten(0, -2).softmax(-1)
    return torch.multinomial(rows, 1).reshape(logits.shape[:-1])


def backpack_step(case):
    """BackPACK's BatchL2Grad: squared norms of per-example gradients (Dangel et al. 2020)."""
    from backpack import backpack, extend
    from backpack.extensions import BatchL2Grad

    if case.is_language:
        raise NotImplementedError("no extension for embeddings, LayerNorm and Conv1D")
    # A copy: its hooks would slow the plain step down.
    model = extend(copy.deepcopy(case.model))
    loss = extend(torch.nn.CrossEntropyLoss(reduction="sum"))

    def step():
        model.zero_grad(set_to_none=True)
        with backpack(BatchL2Grad()):
            logits = model(case.inputs)
            loss(logits, drawn(logits)).backward()
        return {name: p.batch_l2.mean().item() for name, p in model.named_parameters()}
    return step


def functorch_step(case):
    """vmap over grad, and the squares summed by parameter."""
    weights = {name: p.detach() for name, p in case.model.named_parameters()}
    buffers = {name: b.detach() for name, b in case.model.named_buffers()}

    def loss(weights, x, label):
        logits = functional_call(case.model, (weights, buffers), (x.unsqueeze(0),))[0]
        logits = logits[:-1] if case.is_language else logits
        return functional.cross_entropy(logits, label, reduction="sum")

    gradients = vmap(grad(loss), in_dims=(None, 0, 0))

    def step():
        with torch.no_grad():
            logits = case.model(case.inputs)
            labels = drawn(logits[:, :-1] if case.is_language else logits)
        each = gradients(weights, case.inputs, labels)
        return {name: g.square().sum().item() / case.examples for name, g in each.items()}
    return step


def rivals(case):
    """The tools that support the network, warmed up, with what each says of the trace."""
    steps, refused = {}, {}
    for name, make in {"backpack": backpack_step, "torch.func": functorch_step}.items():
        try:
            step = make(case)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                first = step()
            if len(first) == len(list(case.model.parameters())):
                steps[name] = step
        except Exception as error:  # a rival's refusal is a result, not a failure
            refused[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:120]}"
        case.model.zero_grad(set_to_none=True)
    return steps, refused


def measure(case, program, rounds, peak):
    """One row of the table."""
    from torch.utils.flop_counter import FlopCounterMode

    case.export()
    step = plain(case)
    with FlopCounterMode(display=False) as counter:
        step()
    flops = counter.get_total_flops()
    tools, refused = rivals(case)
    step()
    # About a second for each turn.
    repeats = max(1, min(50, int(1 / max(seconds(step), 1e-3))))
    whole, traces = [], []

    def ours():
        report, taken = program.trace(case, repeats)
        whole.append(taken)
        traces.append(value(report["information"]["fisher_trace"]))
        return report["took"].get("network_seconds", taken)

    taken = alternate(
        {"ours": ours, "plain": lambda: seconds(step, repeats),
         **{name: (lambda tool=tool: seconds(tool)) for name, tool in tools.items()}}, rounds)
    best = min(tools, key=taken.get) if tools else None
    return {
        "examples": case.examples, "parameters": case.parameters,
        "seconds": {name: round(s, 5) for name, s in taken.items()},
        "process_seconds": round(statistics.median(whole), 4), "repeats_in_a_process": repeats,
        "plain_flops": flops, "refused": refused,
        "fisher_trace": {"ours": traces[-1], **{name: sum(tool().values()) for name, tool in tools.items()}},
        "to_plain": round(taken["ours"] / taken["plain"], 3),
        "best_tool": best, "to_best_tool": round(taken["ours"] / taken[best], 3) if best else None,
        # A plain step's products in our time: what of the peak the probe reaches.
        "share_of_peak": round(flops / taken["ours"] / peak, 3),
        "plain_share_of_peak": round(flops / taken["plain"] / peak, 3),
    }
