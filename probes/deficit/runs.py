"""The folders of an experiment: one per run, with its checkpoints and its description deficit.yaml.

Checkpoints are plain torch.save files that plasticityd reads and watches; deficit.yaml
(schema plasticityd/deficit/v1) is what `plasticityd sensitivity` reads: it is written when a run begins,
with `final: null`, and again with the scores when it has ended. It also holds the settings that all runs
of a folder share, and new runs are compared with it. A run with a window is the clean run until the
window opens, and its checkpoints begin there.
"""

import dataclasses
import hashlib
import json
import math
import os
import pathlib

import torch

from batches import size
from experiment import Plan
from fisher import series_row
from remarks import stop


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
    initial_weights: str = ""  # of the seed that is being trained

    def run_folder(self, window, seed):
        what = "control" if window is None else f"{self.plan.deficit}-{window.start:03d}-{window.end:03d}"
        return self.folder / f"{what}-seed{seed}"

    def wanted(self, window, seed):
        return not ended(described(self.run_folder(window, seed) / "deficit.yaml"))

    def compare(self, trainee, windows):
        """Stops where the folder holds runs that were made otherwise."""
        asked = self.settings(trainee)
        for path in sorted(self.folder.glob("*/deficit.yaml")):
            there = described(path)
            alike = windows and there.get("window") is not None and there.get("deficit") == self.plan.deficit
            wanted = {**asked, "strength": self.plan.strength} if alike else asked
            differences = [f"{key} {there[key]} there and {value} now" for key, value in wanted.items()
                           if key in there and there[key] != value]
            if differences:
                stop(f"{path.parent} was made with other settings: {', '.join(differences)}; give another "
                     "--out, or the settings of the runs there")

    def begin_seed(self, trainee):
        """Stops where the runs of this seed that are kept started from other weights."""
        self.initial_weights = digest(trainee.model.state_dict())
        for path, weights in self.initial_weights_there(trainee.seed):
            if weights != self.initial_weights:
                stop(f"{path} started from other weights than the factory gives for seed {trainee.seed} now; "
                     "let the factory give always the same ones for a seed, or give another --out")

    def initial_weights_there(self, seed):
        """What is known of them: (where, digest) of the ended runs."""
        for path in sorted(self.folder.glob(f"*-seed{seed}/deficit.yaml")):
            there, first = described(path), path.with_name("epoch_000.pt")
            if not ended(there):
                continue
            if "initial_weights" in there:
                yield path.parent, there["initial_weights"]
            elif there.get("window") is None and first.exists():
                yield path.parent, digest(torch.load(first, map_location="cpu")["state_dict"])

    def observe(self, window, trainee, epoch):
        """Writes what is due at this epoch: a checkpoint, a row of series.json, the description."""
        folder = self.run_folder(window, trainee.seed)
        step = epoch * trainee.steps_per_epoch
        last = epoch == self.plan.epochs
        if epoch == (window.start if window else 0):
            self.begin(folder, window, trainee)
        if epoch <= self.every[0] or epoch % self.every[1] == 0 or last:
            if chosen(self.checkpoints, window):
                save(folder, trainee, epoch, step)
            if chosen(self.series, window) and (self.series == "all" or trainee.seed == self.first_seed):
                self.rows.append(series_row(
                    trainee.model, trainee.examples(self.probe_examples)[0].to(trainee.device), epoch, step,
                    trainee.rate(epoch), trainee.scores()))
                replace(folder / "series.json", json.dumps(self.rows))
        if last:
            replace(folder / "deficit.yaml", self.description(window, trainee, trainee.scores()))

    def begin(self, folder, window, trainee):
        """What an interrupted run may have left of series.json goes; checkpoints are overwritten."""
        folder.mkdir(parents=True, exist_ok=True)
        self.rows = []
        (folder / "series.json").unlink(missing_ok=True)
        probe = "probe: ../probe\n" if (self.folder / "probe" / "probe.yaml").exists() else ""
        (folder / "plasticity.yaml").write_text(f"{probe}batch_size: {self.plan.batch_size}\n")
        replace(folder / "deficit.yaml", self.description(window, trainee))

    def settings(self, trainee):
        """What all runs of a folder share."""
        words = {key: str(trainee.about[key]) for key in ("network", "data") if key in trainee.about}
        rates = trainee.base_rates
        return {
            "experiment": self.experiment, **words, "schedule": self.schedule,
            "epochs": self.plan.epochs, "steps_per_epoch": trainee.steps_per_epoch,
            "batch_size": self.plan.batch_size, "learning_rate": rates[0],
            **({"learning_rates": rates} if len(set(rates)) > 1 else {}),
            "optimizer": type(trainee.optimizer).__name__,
            "parameters": sum(parameter.numel() for parameter in trainee.model.parameters()),
            "probe_examples": min(self.probe_examples, size(trainee.train)),
        }

    def description(self, window, trainee, scores=None):
        own = {"seed": trainee.seed, "initial_weights": self.initial_weights}
        if window is not None:
            own |= {"deficit": self.plan.deficit, "strength": self.plan.strength}
        fields = {**self.settings(trainee), **own}
        steps = trainee.steps_per_epoch
        place = window and {
            "start_epoch": window.start, "end_epoch": window.end,
            "start_step": window.start * steps, "end_step": window.end * steps}
        final = scores and {
            key: round(value, 6) if math.isfinite(value) else None for key, value in scores.items()}
        return "\n".join([
            "schema: plasticityd/deficit/v1",
            *(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()),
            f"window: {flow(place)}", f"final: {flow(final)}"]) + "\n"


def flow(fields):
    """A mapping on one line of YAML."""
    if fields is None:
        return "null"
    return "{" + ", ".join(f"{key}: {json.dumps(value)}" for key, value in fields.items()) + "}"


def described(path):
    """The fields of a deficit.yaml that stand on one line each, as they do when they are written here."""
    fields = {}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    for line in lines:
        key, _, text = line.partition(":")
        if key.strip() == key and not key.startswith("#"):
            fields[key] = plain(text.strip())
    return fields


def plain(text):
    """A number, null, or words in quotes or without; without a comment behind."""
    for part in (text, text.split(" #")[0].strip()):
        try:
            return json.loads(part)
        except ValueError:
            pass
    return part.strip("'")


def ended(fields):
    return fields.get("final") is not None


def digest(state):
    """One word for a state_dict's values."""
    found = hashlib.sha256()
    for name, value in sorted(state.items()):
        if torch.is_tensor(value):
            found.update(name.encode())
            found.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return found.hexdigest()[:16]


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
