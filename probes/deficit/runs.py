"""The folders of an experiment: one per run, with its checkpoints and its description deficit.yaml.

Checkpoints are plain torch.save files that plasticityd reads and watches; deficit.yaml
(schema plasticityd/deficit/v1) is what `plasticityd sensitivity` reads, and is written last: a run
without one has not ended. A run with a window is the clean run until the window opens, and its
checkpoints begin there.
"""

import dataclasses
import json
import os
import pathlib

import torch

from experiment import Plan
from fisher import series_row


@dataclasses.dataclass
class Runs:
    """Where and what is written."""

    folder: pathlib.Path
    experiment: str
    schedule: str
    plan: Plan
    first_seed: int
    checkpoints: str = "all"  # all, control or none
    series: str = "none"  # all, control or none
    every: tuple = (20, 5)  # of every epoch up to the first number, then of every so many
    probe_examples: int = 256
    rows: list = dataclasses.field(default_factory=list)

    def run_folder(self, window, seed):
        what = "control" if window is None else f"{self.plan.deficit}-{window.start:03d}-{window.end:03d}"
        return self.folder / f"{what}-seed{seed}"

    def wanted(self, window, seed):
        return not (self.run_folder(window, seed) / "deficit.yaml").exists()

    def observe(self, window, trainee, epoch):
        """Writes what is due at this epoch: a checkpoint, a row of series.json, the description."""
        folder = self.run_folder(window, trainee.seed)
        step = epoch * trainee.steps_per_epoch
        last = epoch == self.plan.epochs
        if epoch == (window.start if window else 0):
            self.begin(folder)
        if epoch <= self.every[0] or epoch % self.every[1] == 0 or last:
            if chosen(self.checkpoints, window):
                save(folder, trainee, epoch, step)
            if chosen(self.series, window) and (self.series == "all" or trainee.seed == self.first_seed):
                self.rows.append(series_row(
                    trainee.model, trainee.examples(self.probe_examples)[0].to(trainee.device), epoch, step,
                    trainee.rate(min(epoch, self.plan.epochs - 1)), trainee.scores()))
                replace(folder / "series.json", json.dumps(self.rows))
        if last:
            replace(folder / "deficit.yaml", self.description(window, trainee))

    def begin(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.rows = []
        probe = "probe: ../probe\n" if (self.folder / "probe" / "graph.onnx").exists() else ""
        (folder / "plasticity.yaml").write_text(f"{probe}batch_size: {self.plan.batch_size}\n")

    def description(self, window, trainee):
        plan, steps = self.plan, trainee.steps_per_epoch
        quoted = {"experiment": self.experiment, **trainee.about, "schedule": self.schedule}
        return "\n".join([
            "schema: plasticityd/deficit/v1",
            *(f"{key}: {json.dumps(text, ensure_ascii=False)}" for key, text in quoted.items()),
            f"seed: {trainee.seed}",
            f"epochs: {plan.epochs}",
            f"steps_per_epoch: {steps}",
            f"batch_size: {plan.batch_size}",
            f"learning_rate: {plan.learning_rate}",
            f"deficit: {plan.deficit}",
            f"strength: {plan.strength}",
            "window: null" if window is None else
            f"window: {{start_epoch: {window.start}, end_epoch: {window.end}, "
            f"start_step: {window.start * steps}, end_step: {window.end * steps}}}",
            "final: {" + ", ".join(f"{key}: {value:.6f}" for key, value in trainee.scores().items()) + "}",
        ]) + "\n"


def chosen(which, window):
    return which == "all" or (which == "control" and window is None)


def save(folder, trainee, epoch, step):
    """Whole or not at all: under another name first."""
    path = folder / f"epoch_{epoch:03d}.pt"
    partial = path.with_suffix(".tmp")
    torch.save({
        "state_dict": trainee.model.state_dict(), "epoch": epoch, "global_step": step,
        "lr": trainee.rate(epoch)}, partial)
    os.replace(partial, path)


def replace(path, text):
    partial = path.with_suffix(".tmp")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
