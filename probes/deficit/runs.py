"""The folders of an experiment: one per run, with its checkpoints and its description deficit.yaml.

Checkpoints are plain torch.save files that plasticityd reads and watches; deficit.yaml
(schema plasticityd/deficit/v1) is what `plasticityd sensitivity` reads, and is written last: a run
without a final accuracy has not ended.
"""

import json
import os
import pathlib

import torch

from fisher import series_row


class Runs:
    def __init__(self, folder, name, plan, schedule, options):
        self.folder, self.name, self.plan, self.schedule = pathlib.Path(folder), name, plan, schedule
        self.checkpoints, self.every, self.series = options.checkpoints, options.every, options.series
        self.probe_examples = options.probe_examples
        self.rows = []

    def run_folder(self, window, seed):
        what = "control" if window is None else f"{self.plan.deficit}-{window.start:03d}-{window.end:03d}"
        return self.folder / f"{what}-seed{seed}"

    def wanted(self, seed):
        def unfinished(window):
            file = self.run_folder(window, seed) / "deficit.yaml"
            return not (file.exists() and "test_accuracy" in file.read_text())
        return unfinished

    def observe(self, window, trainee, epoch):
        """Writes what is due at this epoch: a checkpoint, a row of series.json, the description."""
        folder = self.run_folder(window, trainee.seed)
        step = epoch * trainee.steps_per_epoch
        last = epoch == trainee.plan.epochs
        if epoch == (window.start if window else 0):
            folder.mkdir(parents=True, exist_ok=True)
            self.rows = []
            (folder / "plasticity.yaml").write_text(
                f"probe: ../probe\nbatch_size: {trainee.plan.batch_size}\n")
        due = epoch <= self.every[0] or epoch % self.every[1] == 0 or last
        if due and (self.checkpoints == "all" or (self.checkpoints == "control" and window is None)):
            self.save(folder, trainee, epoch, step)
        measured = self.series == "all" or (self.series == "control" and window is None)
        if measured and due and (trainee.seed == self.first_seed or self.series == "all"):
            self.rows.append(series_row(
                trainee.model, trainee.examples(self.probe_examples)[0], epoch, step,
                trainee.rate(min(epoch, trainee.plan.epochs - 1)), trainee.scores()))
            self.replace(folder / "series.json", json.dumps(self.rows))
        if last:
            self.describe(folder, window, trainee)

    def save(self, folder, trainee, epoch, step):
        path = folder / f"epoch_{epoch:03d}.pt"
        partial = path.with_suffix(".tmp")
        torch.save({
            "state_dict": trainee.model.state_dict(), "epoch": epoch, "global_step": step,
            "lr": trainee.rate(epoch)}, partial)
        os.replace(partial, path)

    def describe(self, folder, window, trainee):
        plan, scores = self.plan, trainee.scores()
        steps = trainee.steps_per_epoch
        lines = [
            "schema: plasticityd/deficit/v1",
            f"experiment: {json.dumps(self.name)}",
            *(f"{key}: {json.dumps(text, ensure_ascii=False)}" for key, text in sorted(trainee.about.items())),
            f"seed: {trainee.seed}",
            f"epochs: {plan.epochs}",
            f"steps_per_epoch: {steps}",
            f"batch_size: {plan.batch_size}",
            f"learning_rate: {plan.learning_rate}",
            f"schedule: {json.dumps(self.schedule)}",
            f"deficit: {plan.deficit}",
            f"strength: {plan.strength}",
            "window: null" if window is None else
            f"window: {{start_epoch: {window.start}, end_epoch: {window.end}, "
            f"start_step: {window.start * steps}, end_step: {window.end * steps}}}",
            "final: {" + ", ".join(f"{key}: {value:.6f}" for key, value in scores.items()) + "}",
        ]
        self.replace(folder / "deficit.yaml", "\n".join(lines) + "\n")

    def replace(self, path, text):
        partial = path.with_suffix(".tmp")
        partial.write_text(text)
        os.replace(partial, path)

    first_seed = 1
