"""Compares two finished scans: python tests/compare.py BEFORE AFTER prints EQUAL, or what differs and ends with 1.

Records may differ in `run` (who computed them, and when) and in the digest of that, results.csv in the seconds that tasks took;
arrays are compared value by value, other tables and pictures byte by byte. PDFs are left out: they follow from the SVGs, and
are not the same twice. Needs h5py.
"""

import csv
import json
import pathlib
import sys

import h5py
import numpy as np


def record(path):
    content = json.loads(path.read_text())
    return {key: value for key, value in content.items() if key not in ("run", "digest")}


def arrays(path):
    found = {}

    def note(name, node):
        if isinstance(node, h5py.Dataset):
            found[name] = np.asarray(node[()]).tobytes()

    with h5py.File(path) as file:
        file.visititems(note)
    return found


def results(path):
    with path.open(newline="") as file:
        return [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(file)]


READERS = {".json": record, ".h5": arrays}


def files(scan):
    kinds = {"tasks": (".json", ".h5"), "figures": (".csv", ".svg", ".png")}
    found = {path.name: path for path in scan.glob("results.csv")}
    for folder, endings in kinds.items():
        for path in (scan / folder).rglob("*"):
            if path.suffix in endings:
                found[str(path.relative_to(scan))] = path
    return found


before, after = (files(pathlib.Path(folder)) for folder in sys.argv[1:3])
problems = [f"only in one: {name}" for name in sorted(before.keys() ^ after.keys())]
for name in sorted(before.keys() & after.keys()):
    read = results if name == "results.csv" else READERS.get(before[name].suffix, pathlib.Path.read_bytes)
    one, other = read(before[name]), read(after[name])
    if one != other:
        keys = isinstance(one, dict) and [key for key in one.keys() | other.keys() if one.get(key) != other.get(key)]
        problems.append(f"differs: {name} {keys or ''}")
print("\n".join(problems) or f"EQUAL ({len(before)} files)")
sys.exit(bool(problems))
