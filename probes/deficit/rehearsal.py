"""What can be told before anything is trained: one batch through all that a run will need.

Nothing of the model changes: it is in evaluation mode, and no step is taken.
"""

import torch

from batches import size
from experiment import right
from remarks import reason, stop


def rehearse(trainee):
    """Stops where a clean batch of train or test fails; outputs and targets of one of train."""
    for name, data in (("test", trainee.test), ("train", trainee.train)):
        try:
            inputs, targets = trainee.batch(data, torch.arange(min(trainee.plan.batch_size, size(data))))
        except Exception as problem:  # whatever somebody's data set raises
            stop(f"{name}: no batch can be made of its examples: {reason(problem)}; give tensors of one shape")
        outputs, targets = passed(trainee, inputs, targets, f"a batch of {name}")
        scored(trainee, outputs, targets)
    return outputs, targets


def rehearse_deficit(trainee):
    """Stops where a batch cannot be spoilt, or the network does not take it then."""
    plan = trainee.plan
    inputs, targets = trainee.examples(plan.batch_size)
    try:
        spoilt = trainee.deficits[plan.deficit](
            inputs, targets, plan.strength, torch.Generator().manual_seed(0))
    except ValueError as problem:
        stop(f"deficit {plan.deficit}: {problem}")
    except Exception as problem:  # whatever the data and somebody's function do
        stop(f"deficit {plan.deficit} with strength {plan.strength} fails on a batch of train: "
             f"{reason(problem)}; give another --strength or --deficit")
    if not isinstance(spoilt, (tuple, list)) or len(spoilt) != 2:
        stop(f"deficit {plan.deficit} returned {type(spoilt).__name__}; it must return (inputs, targets)")
    passed(trainee, *spoilt, f"a batch spoilt by {plan.deficit} (strength {plan.strength})")


def passed(trainee, inputs, targets, what):
    """Outputs and targets of a batch that goes through model and loss."""
    if not (torch.is_tensor(inputs) and torch.is_tensor(targets)):
        stop(f"{what}: inputs are {type(inputs).__name__} and targets {type(targets).__name__}; the factory "
             "must give one tensor of each")
    trainee.model.eval()
    try:
        outputs, targets = trainee.model(inputs.to(trainee.device)), targets.to(trainee.device)
        loss = trainee.loss(outputs, targets)
        trains = torch.is_tensor(loss) and loss.numel() == 1 and loss.requires_grad
    except Exception as problem:  # whatever somebody's model and loss raise
        stop(f"{what} does not go through model and loss: {reason(problem)}; let the factory give data, model "
             "and loss that fit each other")
    if not trains:
        stop(f"{what}: the loss is no single number that depends on the weights; give another loss")
    return outputs, targets


def scored(trainee, outputs, targets):
    """Stops where the final accuracy would fail, or mean nothing."""
    if trainee.accuracy is right and not names_classes(outputs, targets):
        stop(f"outputs {shape(outputs)} and targets {shape(targets)} are not those of a classifier; let the "
             "factory give an accuracy (outputs, targets) → mean score, larger where it is better")
    try:
        float(trainee.accuracy(outputs.detach() if torch.is_tensor(outputs) else outputs, targets))
    except Exception as problem:  # whatever somebody's function raises
        stop(f"the accuracy fails: {reason(problem)}; it must be a function (outputs, targets) → mean score")


def names_classes(outputs, targets):
    """Whether the targets are classes and the outputs have one logit for each of them, on the second axis."""
    return (torch.is_tensor(outputs) and outputs.dim() > 1 and not targets.is_floating_point()
            and targets.shape == outputs.shape[:1] + outputs.shape[2:])


def shape(value):
    return f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}" if torch.is_tensor(value) else (
        type(value).__name__)
