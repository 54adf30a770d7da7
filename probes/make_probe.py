"""Makes a probe for plasticityd from a PyTorch model and a small batch.

One call in the training script, once, before or during training:

    from make_probe import make_probe
    make_probe("probes/my-run", model, inputs, targets)

It writes graph.onnx (the computation; every name as in model.state_dict()), batch.npz (the
examples) and probe.yaml. The weights are never taken from the graph: plasticityd reads them from
each checkpoint. Needs torch, onnx, onnxscript and numpy; the daemon itself needs no Python.

inputs   a tensor, or a dict of tensors in the order of the model's arguments; 100 to 500 examples
         of the training data are plenty, and always the same ones
targets  class indices [N]; None for a language model, whose next tokens are its targets
"""

import argparse
import pathlib

import numpy
import torch


def make_probe(folder, model, inputs, targets=None, *, name=None, task=None):
    """Exports `model` and the batch into `folder`, and returns its path."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if not isinstance(inputs, dict):
        inputs = {"input": inputs}

    was_training = model.training
    model.eval()  # the information is that of the function the network computes: no dropout, running statistics
    try:
        torch.onnx.export(
            model,
            tuple(inputs.values()),
            str(folder / "graph.onnx"),
            input_names=list(inputs),
            dynamo=True,
            optimize=False,  # keeps every name of the state_dict
            external_data=True,  # keeps the weights out of graph.onnx
            dynamic_shapes=tuple({0: torch.export.Dim("batch", min=1)} for _ in inputs),
        )
    finally:
        model.train(was_training)

    arrays = {key: value.detach().cpu().numpy() for key, value in inputs.items()}
    if targets is not None:
        arrays["target"] = torch.as_tensor(targets).cpu().numpy()
    numpy.savez(folder / "batch.npz", **arrays)

    lines = ["schema: plasticityd/probe/v1", f"name: {name or folder.name}"]
    if task is not None:
        lines.append(f"task: {task}")
    (folder / "probe.yaml").write_text("\n".join(lines) + "\n")
    return folder


def main():
    """Demonstrates the call on a small network that it makes itself."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", help="where to write the example probe")
    folder = parser.parse_args().folder
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)
    )
    print(make_probe(folder, model, torch.randn(128, 1, 8, 8), torch.randint(0, 10, (128,))))


if __name__ == "__main__":
    main()
