#!/usr/bin/env python3
"""Makes the series of training that does not start from scratch, or does not end.

    python3 etc/evaluation/beyond.py [--checkpoints FOLDER] [two_tasks permanent language_models]

two-tasks              80 epochs of one task, then 80 of ten new classes with the samples in another order,
                       the schedule restarted; measured on a probe of both tasks' examples. The end of the
                       second part is that of the experiment reordered-task.
two-tasks-first-probe  the same run on a probe made at its start, of the first task's examples only
language-model…        small transformers in their first epoch: no sequence is seen twice
permanent-blur…        networks of other runs here whose data stay blurred to the end

Each has series.json and label.json as the others here; label.json says in `expected` what the definition
demands: the step of a known change, and which states must or must not come. With --checkpoints each run
is also written as a training job writes it, FOLDER/NAME/step_N.pt, with its probe in FOLDER/NAME-probe:

    plasticityd backfill FOLDER/two-tasks --probe FOLDER/two-tasks-probe --reports reports
    plasticityd show reports/two-tasks
"""

import argparse
import json
import logging
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), *(str(HERE.parent.parent / part) for part in ("probes/deficit", "probes"))]

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call, grad, vmap

from experiment import Plan, Trainee, Window
from fisher import series_row
from make_series import kept, short
from networks import deep, gelu, relu, relu_adam, reordered_task, signal_convolutional, tanh
from schedules import schedule

EPOCHS = 80


class Checkpoints:
    """Where runs are written as a training job writes them; nowhere without a folder."""

    folder = None

    def begin(self, name, model, *examples):
        if self.folder:
            from make_probe import make_probe
            logging.getLogger("torch.onnx").setLevel(logging.ERROR)
            make_probe(self.folder / f"{name}-probe", model, *examples)
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def save(self, name, model, row):
        if self.folder:
            torch.save({"state_dict": model.state_dict(), "epoch": row["epoch"], "global_step": row["step"],
                        "lr": row["learning_rate"]}, self.folder / name / f"step_{row['step']:05d}.pt")


CHECKPOINTS = Checkpoints()


def write(name, rows, label):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(short(row), separators=(",", ":")) for row in rows)
    (folder / "series.json").write_text(f"[\n{lines}\n]\n")
    none = {"end_epoch": None, "end_epoch_interval": None, "end_step": None, "end_step_interval": None}
    (folder / "label.json").write_text(json.dumps({**label, **none}, indent=1, ensure_ascii=False) + "\n")
    print(name, len(rows), "checkpoints")


def two_tasks():
    plan = Plan(EPOCHS, 128, 0.05, schedule("exp:0.97", EPOCHS))
    first, second = Trainee(relu, 1, plan), Trainee(reordered_task, 1, plan)
    half = 128
    (old, targets), (new, others) = first.examples(2 * half), second.examples(half)
    probes = {"two-tasks": torch.cat([old[:half], new]), "two-tasks-first-probe": old}
    rows = {name: [] for name in probes}
    CHECKPOINTS.begin("two-tasks", first.model, probes["two-tasks"], torch.cat([targets[:half], others]))
    CHECKPOINTS.begin("two-tasks-first-probe", first.model, old, targets)
    change = EPOCHS * first.steps_per_epoch
    for trainee, epochs, steps in ((first, 0, 0), (second, EPOCHS, change)):
        for epoch in range(EPOCHS + 1):
            # The last checkpoint of the first task is the first of the second.
            if kept({"epoch": epoch}) and not (trainee is first and epoch == EPOCHS):
                for name, inputs in probes.items():
                    rows[name].append(series_row(
                        trainee.model, inputs, epochs + epoch, steps + epoch * trainee.steps_per_epoch,
                        trainee.rate(min(epoch, EPOCHS - 1)), trainee.scores()))
                    CHECKPOINTS.save(name, trainee.model, rows[name][-1])
            if epoch < EPOCHS:
                trainee.epoch(epoch)
    for name in probes:
        write(name, rows[name], {
            "network": "ReLU 40-64-64-64-10", "data": "ten classes of signals, then ten others with the samples "
            "in another order, batch 128",
            "learning_rate": "0.05 × exp:0.97, restarted at the change", "epochs": 2 * EPOCHS,
            "steps_per_epoch": first.steps_per_epoch,
            "expected": {
                "answer": "reopened", "change_step": change, "change_epoch": EPOCHS,
                "end_step_after_change": change + json.loads(
                    (HERE / "reordered-task" / "label.json").read_text())["expected"]["end_step"],
                "why": "the first part is relu-exp and ends as that does; new classes must be taken in "
                       "anew, so the period reopens at the change and ends a second time (reordered-task)"},
        })


# A network deprived to the end, each with the deficit that its own labelled relative has for a while.
PERMANENT = {
    # name: factory, learning rate, schedule, the clean relative
    "permanent-blur": (relu, 0.05, "exp:0.97", "relu-exp"),
    "permanent-blur-tanh": (tanh, 0.05, "cosine", "tanh-cosine"),
    "permanent-blur-deep": (deep, 0.05, "exp:0.97", "deep-exp"),
    "permanent-blur-gelu": (gelu, 0.05, "cosine", "gelu-cosine"),
    "permanent-blur-conv": (signal_convolutional, 0.05, "exp:0.97", "conv1d-exp"),
    "permanent-blur-adam": (relu_adam, 0.002, "cosine", "relu-adam"),
    "permanent-blur-constant": (relu, 0.05, "constant", "relu-constant"),
}


def permanent():
    for name, described in PERMANENT.items():
        permanent_blur(name, *described)


def permanent_blur(name, factory, learning_rate, form, relative):
    epochs = 100
    plan = Plan(epochs, 128, learning_rate, schedule(form, epochs), "blur", 8)
    trainee = Trainee(factory, 1, plan)
    inputs, targets = trainee.examples(256)
    rows = []
    CHECKPOINTS.begin(name, trainee.model, inputs, targets)
    for epoch in range(epochs + 1):
        if kept({"epoch": epoch}):
            rows.append(series_row(
                trainee.model, inputs, epoch, epoch * trainee.steps_per_epoch,
                trainee.rate(min(epoch, epochs - 1)), trainee.scores()))
            CHECKPOINTS.save(name, trainee.model, rows[-1])
        if epoch < epochs:
            trainee.epoch(epoch, Window(0, epochs))
    write(name, rows, {
        "network": trainee.about["network"],
        "data": f"as {relative}, blurred all along; probe and scores are clean",
        "learning_rate": f"{learning_rate} × {form}", "epochs": epochs, "steps_per_epoch": trainee.steps_per_epoch,
        "expected": {
            "answer": "never-closes",
            "why": "a network that is deprived to the end keeps its information: the trace does not fall "
                   "from its peak as that of the clean run does, and what is missing was never taken in"},
    })


class Transformer(nn.Module):
    """One causal block on 32 symbols: logits [N, T, 32] of the next one at each position."""

    def __init__(self, symbols=32, width=32, length=32):
        super().__init__()
        self.embedding = nn.Embedding(symbols, width)
        self.position = nn.Parameter(torch.randn(length, width) * 0.02)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.head = nn.Linear(width, symbols)
        self.register_buffer("mask", torch.full((length, length), -1e9).triu(1), persistent=False)

    def forward(self, tokens):
        x = self.embedding(tokens) + self.position
        h = self.norm1(x)
        scores = self.query(h) @ self.key(h).transpose(1, 2) / h.shape[2] ** 0.5 + self.mask
        x = x + self.out(scores.softmax(2) @ self.value(h))
        x = x + self.down(F.gelu(self.up(self.norm2(x))))
        return self.head(self.norm3(x))


def text(count, length, generator):
    """Sequences of a second-order chain on 32 symbols: each pair allows four next ones, unequally."""
    fixed = torch.Generator().manual_seed(7)
    allowed = torch.randint(0, 32, (32, 32, 4), generator=fixed)
    tokens = torch.randint(0, 32, (count, length), generator=generator)
    choice = torch.multinomial(torch.tensor([0.6, 0.25, 0.1, 0.05]), count * length, True, generator=generator)
    for t in range(2, length):
        picked = allowed[tokens[:, t - 2], tokens[:, t - 1]]
        tokens[:, t] = picked.gather(1, choice.view(count, length)[:, t:t + 1])[:, 0]
    return tokens


# Language models in their first epoch.
LANGUAGE_MODELS = {
    # name: width, sequences in a batch, optimizer, learning rate, factor on it at a part of the run
    "language-model": (32, 16, "AdamW", 0.002, "constant"),
    "language-model-cosine": (64, 16, "AdamW", 0.001, "cosine"),
    "language-model-sgd": (32, 16, "SGD", 0.2, "constant"),
    "language-model-batch64": (48, 64, "AdamW", 0.003, "constant"),
}


def language_models():
    for name, described in LANGUAGE_MODELS.items():
        language_model(name, *described)


def language_model(name, width, batch, optimizer, highest, form, steps=4000, length=32):
    torch.manual_seed(1)
    model = Transformer(width=width)
    generator = torch.Generator().manual_seed(1)
    probe, test = text(128, length, generator), text(1000, length, generator)
    uniform = torch.rand(128, length - 1, generator=generator)
    factor = schedule(form, steps)
    rate = lambda step: highest * min(1, (step + 1) / 100) * factor(min(step, steps - 1))
    parameters = model.parameters()
    optimizer = torch.optim.AdamW(parameters, highest, weight_decay=0.01) if optimizer == "AdamW" else (
        torch.optim.SGD(parameters, highest, momentum=0.9))
    rows = []
    CHECKPOINTS.begin(name, model, probe)
    due = {0, *(round(2 ** (k / 2)) for k in range(2, 20)), *range(750, steps + 1, 250)}
    for step in range(steps + 1):
        if step in due:
            rows.append(language_row(model, probe, uniform, test, step, steps, rate(step)))
            CHECKPOINTS.save(name, model, rows[-1])
        tokens = text(batch, length, generator)
        optimizer.param_groups[0]["lr"] = rate(step)
        optimizer.zero_grad()
        mean_loss(model, tokens).backward()
        optimizer.step()
    write(name, rows, {
        "network": f"transformer, one block of width {width}", "data": "a second-order chain on 32 symbols, each "
        f"sequence seen once, batch {batch} sequences of {length}",
        "learning_rate": f"{type(optimizer).__name__} {highest} × {form} after 100 steps of warm-up",
        "epochs": 1, "steps_per_epoch": steps,
        "expected": {
            "answer": "never-closes",
            "why": "in its first epoch every example is new and the loss still falls: nothing is consolidated"},
    })


def mean_loss(model, tokens):
    logits = model(tokens)[:, :-1]
    return F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())


def language_row(model, probe, uniform, test, step, steps, rate):
    """tr F per sequence, labels drawn from the model at every position at once by fixed uniform draws."""
    weights = {name: value.detach() for name, value in model.named_parameters()}
    buffers = dict(model.named_buffers())

    def log_probability(weights, tokens, labels):
        logits = functional_call(model, {**weights, **buffers}, (tokens.unsqueeze(0),))[0, :-1]
        return -F.cross_entropy(logits, labels, reduction="sum")

    with torch.no_grad():
        p = model(probe)[:, :-1].softmax(2)
        labels = (p.cumsum(2) < uniform.unsqueeze(2)).sum(2).clamp(max=p.shape[2] - 1)
        logits = model(test)[:, :-1]
        scores = {
            "test_accuracy": (logits.argmax(2) == test[:, 1:]).float().mean().item(),
            "test_loss": mean_loss(model, test).item(),
            "train_accuracy": (p.argmax(2) == probe[:, 1:]).float().mean().item(),
            "train_loss": mean_loss(model, probe).item()}
    gradients = vmap(grad(log_probability), (None, 0, 0))(weights, probe, labels)
    each = {name: g.flatten(1).double().square().sum(1) for name, g in gradients.items()}
    total = sum(each.values())
    return {
        "epoch": step / steps, "step": step, "learning_rate": rate, **scores,
        "fisher_trace": total.mean().item(), "standard_error": (total.std() / len(total) ** 0.5).item(),
        "confidence": (p * (1 - p)).sum(2).mean().item(),
        "tensors": {name: value.mean().item() for name, value in each.items()},
        "norms": {name: value.norm().item() for name, value in weights.items()},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoints", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("runs", nargs="*", metavar="RUN")
    options = parser.parse_args()
    CHECKPOINTS.folder = options.checkpoints
    torch.set_num_threads(1)
    for make in (two_tasks, permanent, language_models):
        if not options.runs or make.__name__ in options.runs:
            make()


if __name__ == "__main__":
    main()
