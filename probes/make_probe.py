#!/usr/bin/env python3
"""Makes a probe for plasticityd from a PyTorch model and a small batch.

One call in the training script, once, before or during training:

    from make_probe import make_probe
    make_probe("runs/my-run/probe", model, inputs, targets)

It writes graph.onnx (the computation; every name as in model.state_dict()), batch.npz (the
examples) and probe.yaml. The weights are never taken from the graph: plasticityd reads them from
each checkpoint, and nothing of their values is written. A training script that is started again may call it
again with the same batch: the probe, and with it the run's history, stays the same. Needs torch, onnx,
onnxscript and numpy; the daemon itself needs no Python. The graph is compared with the model, by onnxruntime
if that is installed. A graph knows no .detach(): for what holds gradients back or lets them through, such as
straight-through estimators, the traces are not training's. Parameters that do not require gradients are
written to probe.yaml as frozen, and not measured. Where checkpoints hold the trained ones only, as adapters
of PEFT, keep_frozen=True puts the others beside the graph.

inputs   a tensor; several in a tuple, in the order of forward's arguments; or a dict by the names of
         forward's arguments, such as a Hugging Face tokenizer gives: {"input_ids": …,
         "attention_mask": …}. NumPy's arrays do as well. 64 to 256 examples of the training data are
         usual, fewer than 32 give large errors; always the same ones. Examples are the first axis of
         everything; with sequence_first=True the second one of the inputs, and of outputs and targets
         that are sequences (torch.nn.LSTM without batch_first).
targets  what the loss compares with; None for a language model, whose inputs are its targets

    task                    output          targets
    classification          [N, C]          classes [N]
    language-model          [N, T, C]       tokens [N, T] as in the input (not shifted), or None
    masked-language-model   [N, T, C]       the hidden tokens [N, T], -100 elsewhere
    token-classification    [N, T, C]       classes [N, T], -100 where none
    segmentation            [N, C, H, W]    classes [N, H, W], 255 or -100 where none
    multi-label             [N, C]          0 or 1 for each output [N, C]
    regression              [N, …]          real numbers of the output's shape

The task is told from the shapes where they allow one only; a model of Hugging Face says its own.
Otherwise pass task="…". A single output with targets 0 or 1 (binary cross-entropy) is task="multi-label".
Classes count from 0, and those targets that do not count are -100. The output is what the loss of PyTorch takes:
logits, before any softmax or sigmoid (or logarithms of probabilities, but not probabilities).

    make_probe.py --example FOLDER     writes a probe of a small network, to look at
"""

import argparse
import contextlib
import inspect
import json
import os
import pathlib
import sys
import tempfile
import warnings

import numpy
import torch

#: Tasks of which one class out of several is right, with the axes of their outputs.
AXES = {
    "classification": "[N, C]", "language-model": "[N, T, C]", "masked-language-model": "[N, T, C]",
    "token-classification": "[N, T, C]", "segmentation": "[N, C, H, W]",
}
TASKS = (*AXES, "multi-label", "regression")

#: A target that does not count, as in PyTorch.
IGNORED = -100


def make_probe(
    folder, model, inputs, targets=None, *, name=None, task=None, mask=None, sequence_first=False,
    keep_frozen=False):
    """Exports `model` and the batch into `folder`, and returns its path.

    name  the probe's name in reports, any text; by default the folder's
    task  one of TASKS; by default told from the model, its output and the targets
    mask  0 where a position does not count, [N, T]; besides -100 in the targets
    sequence_first  whether inputs are [T, N, …]
    keep_frozen  whether checkpoints hold only what is trained, such as adapters: the rest is then written
          beside the graph, once
    """
    folder = pathlib.Path(folder)
    model = unwrapped(model)
    inputs, by_name = named(model, inputs)
    arguments = list(inputs)
    held = {name for name, _ in [*model.named_parameters(), *model.named_buffers()]}
    like = next((each for each in model.parameters() if each.is_floating_point()), None)
    inputs = {batch_name(key, held): tensor(value, like) for key, value in inputs.items()}
    targets, mask = (None if each is None else torch.as_tensor(tensor(each)) for each in (targets, mask))
    axis = 1 if sequence_first else 0
    check_examples(inputs, targets, axis)
    check_layers(model)
    with arriving(folder) as hidden:
        with evaluating(model), first_output(model, arguments if by_name else None, list(inputs)):
            with torch.no_grad():
                output = model(*inputs.values())
            first = lambda x: examples_first(x, count(inputs, axis), axis)
            check_alone(model, inputs, first(output), axis)
            targets, mask = first(targets), first(mask)
            task = told_task(model, first(output), targets, task)
            check_targets(task, first(output), targets, mask)
            doubt(task, first(output))
            export(model, inputs, hidden / "graph.onnx", axis)
            check_graph(model, inputs, hidden / "graph.onnx", axis)
        inputs = {key: value.transpose(0, axis) for key, value in inputs.items()}
        keep_tables_only(model, hidden / "graph.onnx")
        check_names(model, hidden / "graph.onnx")

        arrays = {key: host(value) for key, value in inputs.items()}
        for key, value in (("target", targets), ("loss_mask", mask)):
            if value is not None:
                arrays[key] = host(value)
        numpy.savez(hidden / "batch.npz", **{key: plain(array) for key, array in arrays.items()})
        write_settings(hidden, model, str(name or os.path.basename(os.path.abspath(folder))), task, keep_frozen)
    return folder


@contextlib.contextmanager
def arriving(folder):
    """A hidden folder, whose files come into `folder` when all are written, each whole: a daemon may read there
    meanwhile. Where something fails, a probe that was there before stays."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".make_probe-", dir=folder) as hidden:
        yield pathlib.Path(hidden)
        names = sorted(os.listdir(hidden))
        for name in {"frozen.weights", data_file(folder / "graph.onnx").name}.difference(names):
            (folder / name).unlink(missing_ok=True)  # an earlier probe's
        for name in names:
            os.replace(f"{hidden}/{name}", folder / name)


def write_settings(folder, model, name, task, keep_frozen):
    """probe.yaml, and the weights that it may say are kept."""
    lines = ["schema: plasticityd/probe/v1", f"name: {quoted(name)}", f"task: {task}"]
    if frozen := frozen_names(model):
        say(
            f"{len(frozen)} modules or parameters do not require gradients: they are not measured. Make the "
            "probe again without freezing them, or take them out of frozen in probe.yaml, if they are "
            "trained later")
        lines += ["frozen:", *(f"  - {quoted(each)}" for each in frozen)]
    if keep_frozen:
        torch.save(untrained(model), folder / "frozen.weights")
        if alias := adapter_names(model):
            lines += ["names:", "  alias:"]
            lines += [f"    {quoted(key)}: {quoted(saved)}" for key, saved in alias.items()]
    (folder / "probe.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def unwrapped(model):
    """The module inside torch.compile and data parallelism; plasticityd finds the prefixes they add."""
    while True:
        inner = getattr(model, "_orig_mod", None)
        if inner is None and type(model).__name__ in ("DataParallel", "DistributedDataParallel"):
            inner = model.module
        if inner is None:
            return model
        model = inner


def named(model, inputs):
    """The inputs as a dict in the order of forward's arguments, and whether it takes them by these names."""
    parameters = inspect.signature(model.forward).parameters.values()
    kinds = {each.kind for each in parameters}
    by_name = [inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY]
    arguments = [each.name for each in parameters if each.kind in by_name]
    if torch.is_tensor(inputs) or isinstance(inputs, numpy.ndarray):
        return {"input": inputs}, False
    if isinstance(inputs, (tuple, list)):
        if inspect.Parameter.VAR_POSITIONAL in kinds:
            arguments = [each.name for each in parameters if each.kind is by_name[0]]
        inputs = {arguments[n] if n < len(arguments) else f"input_{n}": x for n, x in enumerate(inputs)}
        return inputs, set(inputs) <= set(arguments)
    inputs = {key: value for key, value in dict(inputs).items() if value is not None}
    others = [key for key in inputs if key not in arguments]
    if others and inspect.Parameter.VAR_KEYWORD not in kinds:
        if len(inputs) == 1:  # whatever it is called
            return inputs, False
        takes = f"takes {', '.join(arguments)}" if arguments else "names none: pass a tuple"
        raise ValueError(
            f"make_probe: forward has no argument {', '.join(others)} (it {takes}); leave out of the inputs "
            "what the model does not take")
    return {key: inputs[key] for key in [*arguments, *others] if key in inputs}, True


def tensor(value, like=None):
    """An array of NumPy, whose real numbers are double by default, as a tensor with the type and place of
    `like`, a parameter of the model; anything else as it is."""
    if not isinstance(value, numpy.ndarray):
        return value
    # A copy: torch takes no negative strides and no foreign order of bytes.
    value = torch.from_numpy(numpy.array(value, value.dtype.newbyteorder("="), order="C"))
    if like is None:
        return value
    return value.to(like.device, like.dtype if value.is_floating_point() else value.dtype)


def batch_name(argument, held):
    """The name of an argument's array: `target` and `loss_mask` are those of the loss, two are arguments of
    numpy.savez, and the graph cannot tell an input from a parameter or buffer of the same name."""
    taken = {"target", "loss_mask", "file", "allow_pickle"} | held
    while argument in taken:
        argument += "_input"
    return argument


def check_layers(model):
    for name, module in model.named_modules():
        if getattr(module, "proj_size", 0) and isinstance(module, torch.nn.LSTM):
            raise ValueError(
                f"make_probe: {name or 'the model'} is an LSTM with proj_size, which PyTorch exports as another "
                "network; write the projection as a Linear of its own")


def check_examples(inputs, targets, axis):
    counts = {key: value.shape[axis] if value.dim() > axis else 0 for key, value in inputs.items()}
    if targets is not None:
        targets = examples_first(targets, next(iter(counts.values()), 0), axis)
        counts["targets"] = targets.shape[0] if targets.dim() else 0
    if len(set(counts.values())) != 1 or 0 in counts.values():
        where = "on the second axis of the inputs" if axis else "first"
        raise ValueError(f"make_probe: every array needs the same number of examples {where}: {counts}")


def check_alone(model, inputs, output, axis):
    """An example's prediction must be its own, whatever stands beside it: plasticityd measures one by one."""
    few = min(2, count(inputs, axis) - 1)  # not one alone, which some layers refuse
    if few == 0:
        return
    with torch.no_grad():
        apart = model(*(value.narrow(axis, 0, few) for value in inputs.values()))
    apart, together = examples_first(apart, few, axis)[:1].double(), output[:1].double()
    if apart.shape == together.shape and (apart - together).abs().max() > 0.02 * together.abs().max() + 1e-6:
        raise ValueError(
            "make_probe: the prediction for an example depends on the other examples of the batch, as with "
            "batch normalisation without running statistics, or on chance; plasticityd measures each by itself")


def count(inputs, axis):
    return next(iter(inputs.values())).shape[axis]


def examples_first(value, examples, axis):
    """A sequence's examples on the first axis; what has them there already, or None, as it is."""
    if value is None or axis == 0:
        return value
    value = torch.as_tensor(value)
    moved = value.dim() > 1 and value.shape[1] == examples and value.shape[0] != examples
    return value.transpose(0, 1) if moved else value


@contextlib.contextmanager
def evaluating(model):
    """No dropout, running statistics, no key-value cache, no shortcut of inference such as that of
    torch.nn.TransformerEncoder, which predicts 0 at padding: the function that the network computes."""
    modes = {module: module.training for module in model.modules()}
    shortcut = torch.backends.mha.get_fastpath_enabled()
    config = getattr(model, "config", None)
    cache = getattr(config, "use_cache", None)
    model.eval()
    if cache:
        config.use_cache = False
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(shortcut)
        forget(model)
        model.train(modes[model])
        for module, mode in modes.items():
            module.training = mode
        if cache:
            config.use_cache = cache


def forget(model):
    """Modules drop what their forward kept in eval mode, which the graph would hold in place of the weights."""
    model.train()
    model.eval()


@contextlib.contextmanager
def first_output(model, arguments, names):
    """Lets the model return its prediction alone, and take its arguments in order, called `names`. Its own
    forward takes them as `arguments`, or by position where these are None.

    The forward of the instance is replaced, not the model wrapped: a wrapper would change the names
    of the parameters.
    """
    forward = model.forward

    def predict(*values):
        return prediction(forward(**dict(zip(arguments, values))) if arguments else forward(*values))

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    predict.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])
    had_own = "forward" in model.__dict__
    model.forward = predict
    try:
        yield
    finally:
        if had_own:
            model.forward = forward
        else:
            del model.forward


def prediction(output):
    """The logits of a model's output: itself, or the first real tensor in it."""
    if torch.is_tensor(output):
        return output
    for key in ("logits", "prediction_logits", "out", "last_hidden_state"):
        value = output.get(key) if hasattr(output, "get") else getattr(output, key, None)
        if torch.is_tensor(value):
            return value
    values = output.values() if hasattr(output, "values") else output
    for value in values:
        if torch.is_tensor(value) and value.is_floating_point():
            return value
    raise TypeError(f"make_probe: the model returns no real tensor, but {type(output).__name__}")


def told_task(model, output, targets, task):
    if task is not None:
        if task not in TASKS:
            raise ValueError(f"make_probe: task {task!r}; one of {', '.join(TASKS)}")
        return task
    kinds = {
        "ForCausalLM": "language-model", "LMHeadModel": "language-model",
        "ForMaskedLM": "masked-language-model", "ForTokenClassification": "token-classification",
        "ForSemanticSegmentation": "segmentation",
    }
    for ending, kind in kinds.items():
        if type(model).__name__.endswith(ending):
            return kind
    shape = tuple(output.shape)
    if targets is None:
        return "classification" if len(shape) == 2 else "language-model"
    given, real = tuple(targets.shape), targets.is_floating_point()
    binary = bool(((targets == 0) | (targets == 1)).all())
    if real and given == shape and not binary:
        return "regression"
    if given == shape and binary and not real and len(shape) == 2:
        return "multi-label"
    if binary and output.numel() == targets.numel() == shape[0]:
        raise ValueError(
            f"make_probe: one output for each example, {list(shape)}, and all targets are 0 or 1: where the "
            'output is the logit of a yes or no (binary cross-entropy), pass task="multi-label"; where it is a '
            'number, task="regression" with float targets')
    if not real and len(shape) == 2 and given in (shape[:1], shape[:1] + (1,)):
        return "classification"
    if not real and len(shape) == 4 and given == shape[:1] + shape[2:]:
        return "segmentation"
    raise ValueError(
        f"make_probe: output {shape} with {'real' if real else 'integer'} targets {given} fits several "
        f"tasks or none; pass task= one of {', '.join(TASKS)}")


def check_targets(task, output, targets, mask):
    """What plasticityd would refuse when the first checkpoint comes."""
    shape = list(output.shape)

    def refuse(what):
        raise ValueError(f"make_probe: {what}")

    if task in AXES:
        axes = AXES[task].count(",") + 1
        if output.dim() < 3 if task == "segmentation" else output.dim() != axes:
            refuse(f"the output is {shape}, where {task} needs {AXES[task]}; pass another task=")
        classes = shape[1 if task == "segmentation" else -1]
        if classes == 1:
            refuse(
                f"the output {shape} has one class only, which is always right; pass task=\"multi-label\" for "
                'the logit of a yes or no (binary cross-entropy), or task="regression" with float targets')
    if targets is None:
        if task == "masked-language-model":
            refuse(f"{task} needs the hidden tokens as targets, and {IGNORED} where none is hidden")
        return
    wanted = output.numel() // (classes if task in AXES else 1)
    if targets.numel() != wanted:
        refuse(f"the targets are {list(targets.shape)}, where {task} with the output {shape} needs {wanted} numbers")
    real = targets.is_floating_point()
    if task == "regression":
        if not real:
            refuse(f"the targets are integers, where {task} needs real numbers; pass targets.float()")
        return
    if task == "multi-label":
        wrong = targets[(targets != 0) & (targets != 1) & (targets != IGNORED)]
        if wrong.numel():
            refuse(f"a target is {wrong[0].item():g}, where {task} needs 0 or 1, and {IGNORED} for none")
        return
    if real:
        refuse(f"the targets are real numbers, where {task} needs classes; pass targets.long()")
    labels = targets.reshape(shape[0], -1).long()
    counted = labels != IGNORED
    if task == "segmentation" and classes <= 255:
        counted &= labels != 255
    if task == "language-model":
        counted[:, 0] = False  # nothing predicts the first token
    if mask is not None and mask.numel() == labels.numel():
        counted &= mask.reshape(labels.shape).to(labels.device) != 0
    if not counted.any():
        refuse(f"no target counts: all are {IGNORED} or masked")
    wrong = labels[counted & ((labels < 0) | (labels >= classes))]
    if wrong.numel():
        refuse(
            f"a target is {wrong[0].item()}, where the output {shape} has the classes 0 to {classes - 1}; count "
            f"classes from 0, and give {IGNORED} where no target counts")


def doubt(task, output):
    """Says what plasticityd would measure, but hardly as it is meant."""
    if len(output) < 32:
        say(
            f"{len(output)} examples only: what is measured will have large errors; 64 to 256 of the training "
            "data are usual")
    if not output.is_floating_point():
        return
    few = output[: 2 if task in AXES else 64]  # of a language model all may not fit twice
    if task == "regression" or not ((few >= 0) & (few <= 1)).all():
        return
    if task == "multi-label":
        say(
            "the outputs are all between 0 and 1, as after a sigmoid; if they are probabilities, let forward "
            "return the logits, before the sigmoid, which plasticityd applies itself")
        return
    sums = few.double().sum(1 if task == "segmentation" else -1)
    if (sums - 1).abs().max() <= 1e-4 + 4 * torch.finfo(output.dtype).eps:
        say(
            "the outputs seem to be probabilities already (between 0 and 1, with the sum 1), and plasticityd "
            "applies the softmax itself: let forward return the logits, before the softmax, or the loss and every "
            "trace will be those of another network")


def export(model, inputs, path, axis=0):
    """With any number of examples at a time; where the model does not allow it, one by one."""
    options = dict(
        input_names=list(inputs), output_names=["output"],
        dynamo=True,
        optimize=False,  # keeps every name of the state_dict
        external_data=True,  # keeps the weights out of graph.onnx
        verbose=False,
    )
    few = tuple(pair(value, axis) for value in inputs.values())
    dynamic = tuple({axis: torch.export.Dim("batch", min=1)} for _ in inputs)
    with warnings.catch_warnings(), masks_as_given():
        warnings.simplefilter("ignore")
        forget(model)
        try:
            torch.onnx.export(model, few, str(path), dynamic_shapes=dynamic, **options)
            return
        except Exception as problem:  # whatever the exporter raises, another way may work
            reason = problem
        with plain_parts(model), plain_attention():
            forget(model)
            with contextlib.suppress(Exception):
                torch.onnx.export(model, few, str(path), dynamic_shapes=dynamic, **options)
                return
            say(
                "the model does not export for any number of examples; exporting it for one at a time, "
                f"which is slower ({first_line(reason)})")
            one = tuple(value.narrow(axis, 0, 1) for value in inputs.values())
            forget(model)
            torch.onnx.export(model, one, str(path), **options)


@contextlib.contextmanager
def masks_as_given():
    """Lets torch.nn.Transformer use its masks without looking whether they are causal, a question about
    values that no graph can answer; the function is the same."""
    from torch.nn.modules import transformer

    looks = getattr(transformer, "_detect_is_causal_mask", None)
    if looks is not None:
        transformer._detect_is_causal_mask = lambda mask, is_causal=None, size=None: bool(is_causal)
    try:
        yield
    finally:
        if looks is not None:
            transformer._detect_is_causal_mask = looks


@contextlib.contextmanager
def plain_parts(model):
    """Attention and experts of a Hugging Face model as products that export anywhere; the same function."""
    config = getattr(model, "config", None)
    plain = {"attn": "eager", "experts": "batched_mm"}
    before = {}
    for part, kind in plain.items():
        current = getattr(config, f"_{part}_implementation", None)
        change = getattr(model, f"set_{part}_implementation", None)
        if current in (None, kind) or change is None:
            continue
        with contextlib.suppress(Exception):  # a model without that part says so
            change(kind)
            before[part] = current
    try:
        yield
    finally:
        for part, kind in before.items():
            getattr(model, f"set_{part}_implementation")(kind)


@contextlib.contextmanager
def plain_attention():
    """PyTorch's attention as the products it stands for: the exporter knows it for four axes only, and takes
    some biases for shapes that their memory does not have."""
    functional = torch.nn.functional
    fused = functional.scaled_dot_product_attention

    def attention(
            query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
        if enable_gqa:
            groups = query.shape[-3] // key.shape[-3]
            key, value = (each.repeat_interleave(groups, -3) for each in (key, value))
        scores = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5 if scale is None else scale)
        if is_causal:
            attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        if attn_mask is None or attn_mask.dtype != torch.bool:
            scores = scores if attn_mask is None else scores + attn_mask
            return scores.softmax(-1) @ value
        weights = scores.masked_fill(~attn_mask, torch.finfo(scores.dtype).min).softmax(-1)
        return (weights * attn_mask.any(-1, keepdim=True)) @ value  # where nothing is seen, nothing is said

    functional.scaled_dot_product_attention = attention
    try:
        yield
    finally:
        functional.scaled_dot_product_attention = fused


def pair(value, axis=0):
    """At most sixteen examples, at least two, to trace with."""
    if value.shape[axis] == 1:
        return torch.cat([value, value], axis)
    return value.narrow(axis, 0, min(16, value.shape[axis]))


def check_graph(model, inputs, path, axis):
    """The exporter drops some options of layers without a word, and the graph is then another network's."""
    import onnx

    def not_compared(*reasons):
        say(f"the graph was not compared with the model ({'; '.join(map(first_line, reasons))})")

    given = {each.name: each.type for each in onnx.load(str(path), load_external_data=False).graph.input}
    inputs = {key: ends(value, axis) for key, value in inputs.items()}
    if any(kind.tensor_type.shape.dim[axis].dim_value == 1 for kind in given.values()):  # one at a time
        inputs = {key: value.narrow(axis, 0, 1) for key, value in inputs.items()}
    try:
        forget(model)
        with torch.no_grad():
            output = model(*inputs.values())
        expected = host(output).astype(numpy.float64)
    except Exception as problem:  # it may have kept what the exporter traced with
        not_compared(problem)
        return
    known = numpy.isfinite(expected)
    size, unit = abs(expected[known]).max(initial=0), rounding_unit(model, output)
    arrays = {key: host(value) for key, value in inputs.items() if key in given}
    parameters = sum(parameter.numel() for parameter in model.parameters())
    gaps, problems = {}, []
    for evaluate in (with_onnxruntime, with_reference):
        try:
            found = evaluate(path, arrays, parameters)
            if found.shape != expected.shape:
                raise ValueError(f"its shape {found.shape} is not {expected.shape}")
        except Exception as problem:  # the evaluator's own, no fault of the graph
            problems.append(problem)
            continue
        gap = numpy.nan_to_num(abs(found[known] - expected[known]), nan=numpy.inf).max(initial=0)
        if gap <= max(1e-4, 20 * unit) * size + 1e-6:
            return
        gaps[evaluate] = gap
    if not gaps:
        not_compared(*problems)
        return
    gap = min(gaps.values())
    if gap <= 10 * shaking(model, inputs, output, unit):
        return
    text = (
        f"the graph's predictions differ from the model's by up to {gap:.2g}, these being at most {size:.2g}; "
        "PyTorch's exporter drops some options, such as AvgPool2d's divisor_override or scatter_reduce's mean")
    if with_onnxruntime not in gaps:
        say(
            f"by onnx's reference evaluator, which errs at times, {text}; onnxruntime would be surer "
            f"({first_line(problems[0])})")
        return
    raise ValueError(f"make_probe: {text}; write that layer with other operations")


def ends(value, axis):
    """The first and the last example."""
    return value.index_select(axis, torch.tensor([0, value.shape[axis] - 1], device=value.device))


def with_onnxruntime(path, arrays, parameters):
    import onnxruntime

    if parameters > 3e9:  # whose memory may not suffice for it twice
        raise ValueError("it is too large")
    options = onnxruntime.SessionOptions()
    # The graph as it is written, and nothing on stderr.
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(["output"], arrays)[0].astype(numpy.float64)


def with_reference(path, arrays, parameters):
    from onnx.reference import ReferenceEvaluator

    if parameters > 2e8 or sum(array.size for array in arrays.values()) > 5e5:  # minutes, with convolutions
        raise ValueError("it is too large for onnx's reference evaluator")
    with warnings.catch_warnings(), numpy.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return ReferenceEvaluator(str(path)).run(["output"], arrays)[0].astype(numpy.float64)


def rounding_unit(model, output):
    """That of the coarsest type; a GPU may multiply single precision as TF32."""
    kinds = {value.dtype for value in [output, *model.parameters()] if value.is_floating_point()}
    units = [torch.finfo(kind).eps for kind in kinds]
    return max([*units, 0.0 if output.device.type == "cpu" else 2**-10])


def shaking(model, inputs, output, unit):
    """How far predictions move as weights and real inputs do in their last digits: far where a network rounds
    or chooses."""
    generator = torch.Generator().manual_seed(0)

    def shaken(value):
        if not value.is_floating_point():
            return value
        return value * (1 + 4 * unit * torch.randn(value.shape, generator=generator).to(value))

    moved = 0.0
    with torch.no_grad(), contextlib.suppress(Exception):  # a model that does not run with other weights
        for _ in range(4):
            forget(model)
            weights = {name: shaken(parameter) for name, parameter in model.named_parameters()}
            other = torch.func.functional_call(model, weights, tuple(shaken(x) for x in inputs.values()))
            moved = max(moved, (other - output).abs().nan_to_num().max().item())
    return moved


def keep_tables_only(model, path):
    """Moves what no checkpoint holds (masks, positions) into the graph, and drops the values of what checkpoints
    hold: also of small arrays, which the exporter writes into the graph itself. The daemon drops a run's history
    when the probe has another digest, and one that is made again with other weights must not.

    Integers stay, those of buffers too: plasticityd reads real numbers only from checkpoints.
    """
    import onnx

    kinds = onnx.TensorProto
    real = (kinds.FLOAT, kinds.DOUBLE, kinds.FLOAT16, kinds.BFLOAT16)
    graph = onnx.load(str(path), load_external_data=False)
    held = {name for name, _ in model.named_parameters(remove_duplicate=False)} | set(model.state_dict())
    for tensor in graph.graph.initializer:
        if tensor.name in held and tensor.data_type in real:
            tensor.CopyFrom(without_values(tensor, path))
        elif onnx.external_data_helper.uses_external_data(tensor):
            onnx.external_data_helper.load_external_data_for_tensor(tensor, str(path.parent))
            tensor.data_location = onnx.TensorProto.DEFAULT
            del tensor.external_data[:]
    check_scatters(graph.graph)
    drop_notes(graph)
    # What forward does not use is told from what an optimiser, or whoever fused the model, made one with another.
    read = {tensor.name for tensor in graph.graph.initializer}
    unread = [name for name in model.state_dict() if name not in read]
    onnx.helper.set_model_props(graph, {"plasticityd.unread": "\n".join(unread)})
    path.write_bytes(graph.SerializeToString(deterministic=True))
    data_file(path).unlink(missing_ok=True)


def without_values(tensor, path):
    """Its name, type and shape; the values are said to lie in a file that is not there."""
    import onnx

    bare = onnx.TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
    bare.data_location = onnx.TensorProto.EXTERNAL
    bare.external_data.add(key="location", value=data_file(path).name)
    return bare


def data_file(path):
    """Where the exporter puts the values of a graph's larger arrays."""
    return path.with_name(path.name + ".data")


def check_scatters(graph):
    """PyTorch's exporter writes a mean of scattered values as the last of them."""
    for node in every_node(graph.node):
        line = next((each.value for each in node.metadata_props if each.key.endswith("fx_node")), "")
        if node.op_type == "ScatterElements" and "aten.scatter_reduce" in line and ", mean)" in line:
            raise ValueError(
                'make_probe: PyTorch exports scatter_reduce(…, "mean") as another function; write the mean as '
                "scatter_add divided by the number of entries")


def drop_notes(model):
    """Leaves out the exporter's notes (the source's paths and lines) but for what is a parameter."""
    graph = model.graph
    weights = {tensor.name for tensor in graph.initializer}
    kept = [value for value in graph.value_info if value.name in weights]
    del graph.value_info[:]
    graph.value_info.extend(kept)
    for nodes in (graph.node, *(function.node for function in model.functions)):
        for node in every_node(nodes):
            del node.metadata_props[:]
            node.ClearField("doc_string")


def every_node(nodes):
    """Those in the bodies of branches and loops too."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for body in (attribute.g, *attribute.graphs):
                yield from every_node(body.node)


def check_names(model, path):
    """Says which parameters the graph lacks: those that the prediction does not depend on."""
    import onnx

    names = {each.name for each in onnx.load(str(path), load_external_data=False).graph.initializer}
    by_storage = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if parameter.requires_grad:
            by_storage.setdefault(id(parameter), []).append(name)
    lacking = [aliases[0] for aliases in by_storage.values() if not names & set(aliases)]
    if lacking and len(lacking) == len(by_storage):
        raise ValueError(
            "make_probe: the graph holds none of the model's parameters by name; is the model already "
            "a scripted, compiled or quantised one? pass the plain torch.nn.Module")
    if lacking:
        say(
            f"{len(lacking)} of {len(by_storage)} parameters do not reach the prediction and will not "
            f"be measured: {', '.join(lacking[:8])}{', …' if len(lacking) > 8 else ''}")


def frozen_names(model):
    """Parameters that are not trained, a module in place of all that is below it; none if nothing is trained: then
    the model is only there to be exported."""
    trains = {name: each.requires_grad for name, each in model.named_parameters(remove_duplicate=False)}
    if not any(trains.values()):
        return []
    above = lambda name: [name[:n] for n, letter in enumerate(name) if letter == "."]
    trained = {module for name, does in trains.items() if does for module in above(name)}
    whole = (
        next((module for module in above(name) if module not in trained), name)
        for name, does in trains.items() if not does)
    return list(dict.fromkeys(whole))


def untrained(model):
    """What a checkpoint of the trained parameters alone lacks: frozen parameters, and buffers."""
    trained = {name for name, each in model.named_parameters(remove_duplicate=False) if each.requires_grad}
    state = model.state_dict()
    return {name: value.detach().cpu() for name, value in state.items() if name not in trained}


def adapter_names(model):
    """The names that PEFT saves an adapter's parameters under, by the model's own, where they differ."""
    if not hasattr(model, "peft_config"):
        return {}
    from peft import PeftModel, get_peft_model_state_dict

    # A model of transformers with an adapter in it saves as if it were wrapped.
    prefix = "" if isinstance(model, PeftModel) else "base_model.model."
    places = {value.data_ptr(): prefix + name for name, value in get_peft_model_state_dict(model).items()}
    names = {
        name: places.get(each.data_ptr()) for name, each in model.named_parameters() if each.requires_grad}
    return {name: saved for name, saved in names.items() if saved not in (None, name)}


def host(value):
    value = value.detach().cpu()
    return (value.float() if value.dtype == torch.bfloat16 else value).numpy()


def plain(array):
    """Types that any reader knows: half precision becomes single, booleans stay."""
    if array.dtype == numpy.float16:
        return array.astype(numpy.float32)
    return numpy.ascontiguousarray(array)


def quoted(text):
    """JSON's string, which YAML reads as a string too, whatever it looks like; not JSON's escapes in two halves of
    what lies above U+FFFF, which YAML does not join. A folder's name need not be UTF-8, but the file must."""
    letters = json.dumps(text.encode(errors="replace").decode(), ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in letters)


def first_line(reason):
    text = str(reason).strip()
    return text.splitlines()[0][:160] if text else type(reason).__name__


def say(text):
    print(f"make_probe: {text}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--example", metavar="FOLDER", help="where to write the example probe")
    folder = parser.parse_args().example
    if folder is None:
        parser.print_help()
        return
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)
    )
    print(make_probe(folder, model, torch.randn(128, 1, 8, 8), torch.randint(0, 10, (128,))))


if __name__ == "__main__":
    main()
