"""Shortens a recorded series to a fixture: python make_series.py SOURCE.json TARGET.json

SOURCE is a JSON array of points with the fields of `SeriesPoint` (see RecordedSeries.swift), as an exact
evaluation of a recorded run's probe gives them. Numbers keep six significant digits, per-example
contributions four; contributions of layers are kept only as their sum over layers, one list per point.
"""
import json
import sys


def short(value, digits=6):
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def main(source, target):
    with open(source) as file:
        points = json.load(file)
    kept = []
    for point in points:
        layers = point.pop("layers", [])
        kept.append({key: short(value) for key, value in point.items() if value is not None})
        lists = [layer["contributions"] for layer in layers if "contributions" in layer]
        if lists:
            kept[-1]["contributions"] = [short(sum(example), 4) for example in zip(*lists)]
        if layers:
            kept[-1]["layers"] = [
                {"name": layer["name"], "information": short(float(layer["information"]))} for layer in layers
            ]
    with open(target, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(point, separators=(",", ":")) for point in kept) + "\n]\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
