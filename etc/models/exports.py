"""The ways in which a person's graph may have been exported."""

import pathlib

import torch
from make_probe import make_probe, prediction


def export(case, folder):
    inputs = case.inputs if case.by_name else tuple(case.inputs.values())
    if case.sequence_first:
        inputs = tuple(value.transpose(0, 1) for value in inputs)
    if not case.by_name and len(inputs) == 1:
        inputs = inputs[0]
    make_probe(
        folder, case.model, inputs, None if case.implied else case.targets, task=case.task,
        mask=case.mask, sequence_first=case.sequence_first, keep_frozen=case.checkpoint == "trained")
    case.model.eval()
    graph = pathlib.Path(folder) / "graph.onnx"
    names, few = list(case.inputs), tuple(case.inputs.values())
    if not case.by_name:
        names = ["input"]
    if case.export == "optimized":
        # With constants folded and nodes fused, and the weights beside the graph.
        torch.onnx.export(
            case.model, few, str(graph), input_names=names, dynamo=True, optimize=True,
            external_data=True, verbose=False,
            dynamic_shapes=tuple({0: torch.export.Dim("batch", min=1)} for _ in names))
    elif case.export == "inside":
        # The weights in the graph's own file, which must not be read.
        torch.onnx.export(
            case.model, few, str(graph), input_names=names, dynamo=True, optimize=False,
            external_data=False, verbose=False,
            dynamic_shapes=tuple({0: torch.export.Dim("batch", min=1)} for _ in names))
    elif case.export.startswith("older"):
        # The exporter before dynamo: products with transposed weights under made-up names, and batch
        # normalisation folded into convolutions unless it is told to export for training.
        options = {}
        if case.export == "older-unfolded":
            options = dict(training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
        torch.onnx.export(
            case.model, few, str(graph), input_names=names, output_names=["output"], dynamo=False,
            opset_version=17, dynamic_axes={name: {0: "batch"} for name in names}, **options)
