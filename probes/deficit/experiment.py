"""One experiment: the user's factory, trained once clean per seed and once per deficit and window.

All runs of a seed start from the same weights and see the same examples in the same order, and a run
with a window is the clean run until the window opens: it is continued from there, not trained anew.
"""

import copy
import dataclasses
import random

import numpy
import torch
import torch.nn.functional as F

from batches import batch, data_set, fitting, size
from deficits import DEFICITS
from remarks import stop

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
        seed_all(seed)
        made = factory(seed)
        check_made(made)
        self.seed, self.plan = seed, plan
        self.model = made["model"]
        self.train, self.test = data_set(made["train"], "train"), data_set(made["test"], "test")
        self.loss = made.get("loss", F.cross_entropy)
        self.accuracy = made.get("accuracy", right)
        first = next(self.model.parameters())
        self.device, self.kind = first.device, first.dtype
        self.about = made.get("about", {})
        self.deficits = {**DEFICITS, **made.get("deficits", {})}
        self.optimizer = made.get("optimizer", sgd)(self.model.parameters(), plan.learning_rate)
        if not isinstance(self.optimizer, torch.optim.Optimizer):
            stop(f"the factory's optimizer returned {type(self.optimizer).__name__}; it must take (parameters, "
                 "learning_rate) and return a torch.optim.Optimizer")
        self.base_rates = [float(group["lr"]) for group in self.optimizer.param_groups]
        self.steps_per_epoch = size(self.train) // plan.batch_size
        if self.steps_per_epoch == 0:
            stop(f"train has {size(self.train)} examples, less than one batch; give a smaller --batch-size")

    def batch(self, data, indices):
        return tuple(fitting(part, self.kind) for part in batch(data, indices))

    def examples(self, count):
        """The first examples of the training data, clean: what a probe is made of."""
        return self.batch(self.train, torch.arange(min(count, size(self.train))))

    def state(self):
        return copy.deepcopy((self.model.state_dict(), self.optimizer.state_dict()))

    def restore(self, state):
        model, optimizer = copy.deepcopy(state)
        self.model.load_state_dict(model)
        self.optimizer.load_state_dict(optimizer)

    def rate(self, epoch):
        """The optimizer's rate (its first group's) at an epoch's start; at the end, that of the last epoch."""
        return self.base_rates[0] * self.plan.factor(min(epoch, self.plan.epochs - 1))

    def epoch(self, epoch, window=None):
        """Trains one epoch, spoilt if the window covers it; examples that fill no batch wait for another.

        Order and draws depend on seed and epoch only.
        """
        plan = self.plan
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
        seed_all(self.seed * 1_000_003 + epoch)
        order = torch.randperm(size(self.train), generator=generator)
        spoil = self.deficits[plan.deficit] if window and window.start <= epoch < window.end else None
        for group, base in zip(self.optimizer.param_groups, self.base_rates):
            group["lr"] = base * plan.factor(epoch)
        self.model.train()
        for step in range(self.steps_per_epoch):
            inputs, targets = self.batch(
                self.train, order[step * plan.batch_size:(step + 1) * plan.batch_size])
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
    def score(self, data, chunk=2000):
        self.model.eval()
        count = size(data)
        accuracy = loss = 0.0
        for start in range(0, count, chunk):
            inputs, targets = self.batch(data, torch.arange(start, min(count, start + chunk)))
            outputs, targets = self.model(inputs.to(self.device)), targets.to(self.device)
            accuracy += float(self.accuracy(outputs, targets)) * len(targets)
            loss += self.loss(outputs, targets).item() * len(targets)
        return accuracy / count, loss / count


def seed_all(number):
    """Whoever draws without a generator of his own draws the same after the same number."""
    torch.manual_seed(number)
    numpy.random.seed(number % 2**32)
    random.seed(number)


def check_made(made):
    """Stops where a factory returned something else than examples.py describes."""
    if not isinstance(made, dict):
        stop(f"the factory returned {type(made).__name__}; it must return a dict with model, train and test")
    if not NEEDED <= set(made) <= NEEDED | OPTIONAL:
        stop("the factory must return a dict with model, train and test, and may give "
             f"{', '.join(sorted(OPTIONAL))}; it gave {', '.join(sorted(map(str, made)))}")
    model = made["model"]
    if not isinstance(model, torch.nn.Module):
        stop(f"the factory's model is {type(model).__name__}; it must be a torch.nn.Module")
    if not any(parameter.requires_grad for parameter in model.parameters()):
        stop("the factory's model has no parameters to train; give another")
    functions = {key: made[key] for key in ("optimizer", "loss", "accuracy") if key in made}
    for key in ("about", "deficits"):
        if not isinstance(made.get(key, {}), dict):
            stop(f"the factory's {key} is {type(made[key]).__name__}; it must be a dict, see examples.py")
    for name, function in {**functions, **made.get("deficits", {})}.items():
        if not callable(function):
            stop(f"the factory's {name} is {type(function).__name__}; it must be a function, see examples.py")


def right(outputs, targets):
    return (outputs.argmax(1) == targets).float().mean()


def sgd(parameters, learning_rate):
    return torch.optim.SGD(parameters, learning_rate, momentum=0.9, weight_decay=1e-3)


def run_seed(factory, seed, plan, windows, wanted, begin, observe):
    """Trains the clean run of a seed and, from it, one run per window; how many were made.

    wanted(window, seed) says whether a run is still to be made, with window None for the clean one;
    begin(trainee) is called before anything is trained; observe(window, trainee, epoch) at a run's first
    epoch and at the end of each.
    """
    windows = [window for window in windows if wanted(window, seed)]
    clean = wanted(None, seed)
    if not windows and not clean:
        return 0
    trainee = Trainee(factory, seed, plan)
    begin(trainee)
    starts = {window.start for window in windows}
    states = {}
    for epoch in range(plan.epochs + 1 if clean else max(starts) + 1):
        if epoch in starts:
            states[epoch] = trainee.state()
        if clean:
            observe(None, trainee, epoch)
        if epoch < plan.epochs and (clean or epoch < max(starts)):
            trainee.epoch(epoch)
    for window in windows:
        trainee.restore(states[window.start])
        observe(window, trainee, window.start)
        for epoch in range(window.start, plan.epochs):
            trainee.epoch(epoch, window)
            observe(window, trainee, epoch + 1)
    return len(windows) + clean
