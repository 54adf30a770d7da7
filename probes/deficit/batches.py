"""The data of a factory: a pair of arrays, or examples one by one; and batches of either."""

import collections.abc

import numpy
import torch

from remarks import reason, stop

KINDS = "(inputs, targets) as tensors or arrays, or a data set of such pairs"


def data_set(data, name):
    """A tuple of two tensors, or a sequence of pairs; stops where `data` are neither."""
    if is_pair(data):
        try:
            data = tuple(torch.as_tensor(part) for part in data)
        except (TypeError, ValueError, RuntimeError) as problem:
            stop(f"{name}: {reason(problem)}; give numbers")
        lengths = [len(part) if part.dim() else 0 for part in data]
        if lengths[0] != lengths[1]:
            stop(f"{name}: {lengths[0]} inputs and {lengths[1]} targets; give one target for each input")
    else:
        check_sequence(data, name)
        data = list(data) if isinstance(data, tuple) else data
    if size(data) == 0:
        stop(f"{name} is empty; give at least one example")
    if not is_pair(data):
        check_example(data, name)
    return data


def is_pair(data):
    """Whether these are inputs and targets in two arrays, one of which may be a list."""
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        return False
    arrays = [isinstance(part, (torch.Tensor, numpy.ndarray)) for part in data]
    return any(arrays) and all(array or isinstance(part, list) for array, part in zip(arrays, data))


def check_sequence(data, name):
    sequence = hasattr(data, "__getitem__") and not isinstance(data, collections.abc.Mapping)
    try:
        len(data)
    except (TypeError, NotImplementedError):
        sequence = False
    if not sequence:
        stop(f"{name} is {type(data).__name__}; give {KINDS}")


def check_example(data, name):
    try:
        example = data[0]
    except Exception as problem:  # whatever somebody's data set raises
        stop(f"{name}: its first example cannot be read: {reason(problem)}; give {KINDS}")
    if not isinstance(example, (tuple, list)) or len(example) != 2:
        kind = type(example).__name__
        kind += f" of {len(example)}" if isinstance(example, (tuple, list)) else ""
        stop(f"{name}: an example of it is a {kind}; wrap it so that each is a pair (input, target)")


def size(data):
    return len(data[1]) if is_pair(data) else len(data)


def batch(data, indices):
    """The examples of `data` (a pair of tensors or a sequence of pairs) at the indices."""
    if is_pair(data):
        return data[0][indices], data[1][indices]
    return torch.utils.data.default_collate([data[int(index)] for index in indices])


def fitting(values, kind):
    """The numbers in the types that networks take: reals of the weights' kind, and int64, not int32."""
    if not torch.is_tensor(values):
        return values
    if values.dtype == torch.float64:
        return values.to(kind)
    return values.long() if values.dtype in (torch.int8, torch.int16, torch.int32) else values
