"""Which random score gives the least error for its time: signs, drawn labels, or exact over classes."""
import statistics

from timing import value

RUNS = [("mnist1d-cnn-sgd", "epoch_004.pt"), ("mnist1d-cnn-sgd", "epoch_060.pt"),
        ("digits-resnet-adamw-lightning", "epoch=04-step=110.ckpt"),
        ("digits-resnet-adamw-lightning", "epoch=23-step=528.ckpt"),
        ("chars-gpt2-hf-trainer", "checkpoint-600"), ("chars-gpt2-hf-trainer", "checkpoint-1200")]


def measure(fixtures, program, seeds):
    """For each run: the sampling noise of the trace over seeds, and its product with the root of the seconds.

    `noise` is the standard deviation over seeds as a share of the mean; `error` is the report's
    standard error over examples, draws included, as a share of the value. Both times √seconds do not
    depend on how long one measures: the smaller, the better. Exact has no noise; its error is that of
    having N examples.
    """
    rows = []
    for run, checkpoint in RUNS:
        folder = fixtures / run
        common = [folder / "checkpoints" / checkpoint, "--probe", folder / "probe", "--only", "trace"]
        names = ["--labels", "exact", "--repeat", 3]
        exact, taken = program.probe(*common, *names)
        row = {"run": run, "checkpoint": checkpoint, "exact": line([exact], taken)}
        for sampling in ("signs", "labels"):
            reports = []
            for seed in range(seeds):
                report, taken = program.probe(
                    *common, "--labels", "sampled", "--draws", 1, "--sampling", sampling,
                    "--seed", seed, "--repeat", 1)
                reports.append(report)
            row[sampling] = line(reports, taken)
        rows.append(row)
    return rows


def line(reports, process_seconds):
    traces = [report["information"]["fisher_trace"] for report in reports]
    values = [value(trace) for trace in traces]
    mean = statistics.fmean(values)
    seconds = statistics.median(
        report["took"].get("network_seconds", process_seconds) for report in reports)
    noise = statistics.stdev(values) / mean if len(values) > 1 else 0.0
    error = statistics.fmean(t["standard_error"] ** 2 for t in traces) ** 0.5 / mean
    return {"mean_trace": float(f"{mean:.5g}"), "seconds": float(f"{seconds:.3g}"),
            "noise": float(f"{noise:.3g}"), "error": float(f"{error:.3g}"),
            "noise_root_seconds": float(f"{noise * seconds ** 0.5:.3g}"),
            "error_root_seconds": float(f"{error * seconds ** 0.5:.3g}")}
