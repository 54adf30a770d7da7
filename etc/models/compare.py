"""Makes, exports, probes and compares the networks of cases.py, and prints the table."""

import argparse
import contextlib
import io
import logging
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "probes")]
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

import safetensors.torch
import torch
import yaml

import reference
from cases import CASES
from exports import export
from reference import log_likelihood

TOLERANCE, FLOOR = 1e-3, 1e-6


def train(case, generator):
    """A few steps, so that nothing that is trained is at its initial value: no zero biases, no unit scales."""
    model = case.model.train()
    for parameter in filter(lambda each: each.requires_grad, model.parameters()):
        with torch.no_grad():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    for _ in range(4):
        output = case.predict(case.inputs)
        loss = 0
        for n in range(len(case.targets)):
            mask = None if case.mask is None else case.mask[n]
            loss = loss - log_likelihood(case.task, output[n], case.targets[n], mask)[0]
        optimizer.zero_grad()
        (loss / len(case.targets)).backward()
        optimizer.step()
    model.eval()


def save(case, folder):
    state = case.model.state_dict()
    if case.checkpoint == "safetensors":
        path = folder / "model.safetensors"
        # As transformers saves: a tensor that several names share is written once.
        kept = dict(case.model.named_parameters()) | dict(case.model.named_buffers())
        state = {key: value for key, value in state.items() if key in kept}
        safetensors.torch.save_file({k: v.contiguous() for k, v in state.items()}, path)
    elif case.checkpoint == "prefixed":
        path = folder / "step_4.pt"
        torch.save({"model": {"module._orig_mod." + k: v for k, v in state.items()}, "step": 4}, path)
    else:
        path = folder / "step_4.pt"
        if case.checkpoint == "trained":
            trained = {key for key, value in case.model.named_parameters() if value.requires_grad}
            state = {key: value for key, value in state.items() if key in trained}
        torch.save(state, path)
    return path


def probe(binary, checkpoint, folder):
    done = subprocess.run(
        [binary, "probe", checkpoint, "--probe", folder, "--labels", "exact"], capture_output=True,
        text=True)
    report = yaml.safe_load(done.stdout) if done.returncode == 0 else None
    if report is None or "information" not in report:
        raise RuntimeError((done.stderr.strip() or "no probe evidence").splitlines()[-1])
    return report


def value(quantity):
    return quantity["value"] if isinstance(quantity, dict) else quantity


def canonical_names(model):
    """Every name of the state_dict → the name under which named_parameters has it."""
    by_identity = {id(p): name for name, p in model.named_parameters()}
    return {
        name: by_identity[id(p)]
        for name, p in model.named_parameters(remove_duplicate=False) if id(p) in by_identity}


def worst(expected, found):
    """The largest relative difference, and the parameter that has it."""
    total = sum(expected.values())
    differences = {
        name: abs(found[name] - trace) / max(trace, FLOOR * total) if name in found else float("inf")
        for name, trace in expected.items()}
    name = max(differences, key=differences.get)
    return differences[name], name


def compare(case, expected, report):
    names = canonical_names(case.model)
    exact, empirical = {}, {}
    for layer in report["layers"]:
        for tensor in layer["tensors"]:
            name = tensor["name"].removeprefix("module._orig_mod.")
            for key, traces in (("fisher_trace", exact), ("empirical_fisher_trace", empirical)):
                # Frozen: null, with the reason.
                if (trace := value(tensor.get(key))) is not None:
                    traces[names.get(name, name)] = trace
    loss = abs(value(report["performance"]["loss"]) - expected["loss"]) / abs(expected["loss"])
    fisher, at = worst(expected["exact"], exact)
    labelled, labelled_at = worst(expected["empirical"], empirical)
    problem = ""
    if max(fisher, labelled) > TOLERANCE:
        problem = at if fisher >= labelled else labelled_at
    extra = {name for name, trace in exact.items() if name not in expected["exact"] and trace != 0}
    if extra:
        problem = "PyTorch has no gradient of " + ", ".join(sorted(extra))
    good = max(loss, fisher, labelled) <= TOLERANCE and not extra
    return loss, fisher, labelled, good, problem


def check(name, binary, folder):
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    start = time.monotonic()
    case = CASES[name](generator)
    parameters = sum(p.numel() for p in case.model.parameters())
    row = f"{name:24}{case.task:23}{parameters:>7}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            try:
                export(case, folder / "probe")
            except Exception as problem:
                raise RuntimeError(f"export: {type(problem).__name__}: {str(problem)[:200]}")
        # After the export: a graph that kept a value of the untrained network would be found out.
        train(case, generator)
        checkpoint = save(case, folder)
        notes = [line for line in said.getvalue().splitlines() if line.startswith("make_probe:")]
        report = probe(binary, checkpoint, folder / "probe")
        loss, fisher, labelled, good, problem = compare(case, reference.measure(case), report)
    except Exception as failure:
        if case.refused and str(failure).startswith(case.refused + ": "):
            print(f"{row}{'refused, as it must be':>45}  {case.refused}", flush=True)
            return True
        print(f"{row}  FAILED  {str(failure)[:300]}", flush=True)
        return False
    seconds = time.monotonic() - start
    remark = problem or ("one example at a time" if any("one at a time" in n for n in notes) else "")
    print(
        f"{row}{loss:>10.1e}{fisher:>10.1e}{labelled:>11.1e}{seconds:>7.1f}s  "
        f"{'agrees' if good else 'DIFFERS'}  {remark}", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--binary")
    parser.add_argument("--keep")
    options = parser.parse_args()
    if options.list:
        print("\n".join(CASES))
        return
    unknown = [name for name in options.names if name not in CASES]
    if unknown:
        sys.exit(f"check-models: {', '.join(unknown)}: not a network; --list names them")
    torch.set_num_threads(2)
    print(f"{'network':24}{'task':23}{'weights':>7}{'loss':>10}{'Fisher':>10}{'empirical':>11}{'time':>8}")
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(options.keep or stack.enter_context(tempfile.TemporaryDirectory()))
        names = options.names or list(CASES)
        good = [check(name, options.binary, folder / name) for name in names]
    print(f"{sum(good)} of {len(good)} agree (relative differences; at most {TOLERANCE:g})")
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
