"""One experiment: the user's factory, trained once clean per seed and once per deficit and window.

All runs of a seed start from the same weights and see the same examples in the same order, and a run
with a window is the clean run until the window opens: it is continued from there, not trained anew.
"""

import copy
import dataclasses

import torch
import torch.nn.functional as F

from deficits import DEFICITS

NEEDED = {"model", "train", "test"}
OPTIONAL = {"optimizer", "loss", "accuracy", "deficits", "about"}


@dataclasses.dataclass(frozen=True)
class Window:
    """The epochs [start, end) in which the data are spoilt."""

    start: int
    end: int


@dataclasses.dataclass
class Plan:
    """What is the same for all runs of an experiment."""

    epochs: int
    batch_size: int
    learning_rate: float
    factor: object  # epoch → factor on the rate
    deficit: str = "blur"
    strength: int = 4


class Trainee:
    """A model in training: its state can be taken and given back."""

    def __init__(self, factory, seed, plan):
        made = factory(seed)
        if not NEEDED <= set(made) <= NEEDED | OPTIONAL:
            raise SystemExit(
                f"deficit.py: the factory must return a dict with model, train and test, and may give "
                f"{', '.join(sorted(OPTIONAL))}; it gave {', '.join(sorted(made))}")
        self.seed, self.plan = seed, plan
        self.model, self.train, self.test = made["model"], made["train"], made["test"]
        self.loss = made.get("loss", F.cross_entropy)
        self.accuracy = made.get("accuracy", right)
        self.device = next(self.model.parameters()).device
        self.about = made.get("about", {})
        self.deficits = {**DEFICITS, **made.get("deficits", {})}
        self.optimizer = made.get("optimizer", sgd)(self.model.parameters(), plan.learning_rate)
        self.base_rates = [group["lr"] for group in self.optimizer.param_groups]
        self.steps_per_epoch = len(self.train_targets()) // plan.batch_size
        if self.steps_per_epoch == 0:
            raise SystemExit("deficit.py: fewer training examples than one batch; give a smaller --batch-size")

    def train_targets(self):
        return self.train[1] if isinstance(self.train, (tuple, list)) else self.train

    def examples(self, count):
        """The first examples of the training data, clean: what a probe is made of."""
        return batch(self.train, torch.arange(min(count, len(self.train_targets()))))

    def usual_strength(self):
        """All classes where labels are renamed, four neighbours for the blur."""
        if self.plan.deficit != "labels":
            return 4
        self.model.eval()
        with torch.no_grad():
            return self.model(self.examples(1)[0].to(self.device)).shape[1]

    def state(self):
        return copy.deepcopy((self.model.state_dict(), self.optimizer.state_dict()))

    def restore(self, state):
        model, optimizer = copy.deepcopy(state)
        self.model.load_state_dict(model)
        self.optimizer.load_state_dict(optimizer)

    def rate(self, epoch):
        return self.plan.learning_rate * self.plan.factor(epoch)

    def epoch(self, epoch, window=None):
        """Trains one epoch, spoilt if the window covers it; examples that fill no batch wait for another.

        Order and draws depend on seed and epoch only.
        """
        plan = self.plan
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
        torch.manual_seed(self.seed * 1_000_003 + epoch)
        order = torch.randperm(len(self.train_targets()), generator=generator)
        spoil = self.deficits[plan.deficit] if window and window.start <= epoch < window.end else None
        for group, base in zip(self.optimizer.param_groups, self.base_rates):
            group["lr"] = base * plan.factor(epoch)
        self.model.train()
        for step in range(self.steps_per_epoch):
            inputs, targets = batch(self.train, order[step * plan.batch_size:(step + 1) * plan.batch_size])
            if spoil:
                inputs, targets = spoil(inputs, targets, plan.strength, generator)
            inputs, targets = inputs.to(self.device), targets.to(self.device)
            self.optimizer.zero_grad()
            self.loss(self.model(inputs), targets).backward()
            self.optimizer.step()

    def scores(self):
        """Accuracies and losses on clean data, test and train."""
        found = {}
        for name, data in (("test", self.test), ("train", self.train)):
            found[f"{name}_accuracy"], found[f"{name}_loss"] = self.score(data)
        return found

    @torch.no_grad()
    def score(self, data, size=2000):
        self.model.eval()
        count = len(data[1]) if isinstance(data, (tuple, list)) else len(data)
        accuracy = loss = 0.0
        for start in range(0, count, size):
            inputs, targets = batch(data, torch.arange(start, min(count, start + size)))
            outputs, targets = self.model(inputs.to(self.device)), targets.to(self.device)
            accuracy += float(self.accuracy(outputs, targets)) * len(targets)
            loss += self.loss(outputs, targets).item() * len(targets)
        return accuracy / count, loss / count


def batch(data, indices):
    """The examples of `data` (a pair of tensors or a Dataset) at the indices."""
    if isinstance(data, (tuple, list)):
        return data[0][indices], data[1][indices]
    return torch.utils.data.default_collate([data[int(index)] for index in indices])


def right(outputs, targets):
    return (outputs.argmax(1) == targets).float().mean()


def sgd(parameters, learning_rate):
    return torch.optim.SGD(parameters, learning_rate, momentum=0.9, weight_decay=1e-3)


def run_seed(factory, seed, plan, windows, wanted, observe):
    """Trains the clean run of a seed and, from it, one run per window; how many were made.

    wanted(window, seed) says whether a run is still to be made, with window None for the clean one;
    observe(window, trainee, epoch) is called at a run's first epoch and at the end of each.
    """
    windows = [window for window in windows if wanted(window, seed)]
    clean = wanted(None, seed)
    if not windows and not clean:
        return 0
    trainee = Trainee(factory, seed, plan)
    starts = {window.start for window in windows}
    states = {}
    for epoch in range(plan.epochs + 1 if clean else max(starts) + 1):
        if epoch in starts:
            states[epoch] = trainee.state()
        if clean:
            observe(None, trainee, epoch)
        if epoch < plan.epochs:
            trainee.epoch(epoch)
    for window in windows:
        trainee.restore(states[window.start])
        observe(window, trainee, window.start)
        for epoch in range(window.start, plan.epochs):
            trainee.epoch(epoch, window)
            observe(window, trainee, epoch + 1)
    return len(windows) + clean
