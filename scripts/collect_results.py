"""Collects the metrics of finished runs into results/, one file a row of the results table.

python scripts/collect_results.py   # after the commands in results/README.md
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from render_results import METRICS

from train.evaluation import write_json

ROOT = Path(__file__).parent.parent
ROWS = {
    "1-crossval-five.json": (
        "minilm, leave one article out, the other four alone",
        "runs/minilm-crossval/metrics.json",
        ("seeds", "13"),
    ),
    "2-written.json": ("minilm, labels alone", "runs/written/metrics.json", ("test",)),
    "3-mpnet.json": ("mpnet, the teacher", "runs/mpnet/metrics.json", ("test",)),
    "4-student.json": ("student, fp32", "runs/student/metrics.json", ("test",)),
    "5-shipped.json": ("**student, int8, shipped**", "runs/student/int8-five/metrics.json", ()),
    "6-shipped-test.json": (
        "shipped, on the held-out reports of the corpus",
        "runs/student/int8-test/metrics.json",
        (),
    ),
    "7-shipped-conflict.json": (
        "shipped, on the held-out conflict (Sudan)",
        "runs/student/int8-conflict/metrics.json",
        (),
    ),
}
# Runs that differ in their seed alone.
REPEATED = {
    "student, fp32": ("student", "student-14"),
}


def main() -> None:
    """Write the files, once all runs are read, and remove the rows that are none any more."""
    rows = {name: _row(*row) for name, row in ROWS.items()}
    repeated = [_repeated(title, runs) for title, runs in REPEATED.items()]
    for name, row in rows.items():
        write_json(row, ROOT / "results" / name)
    write_json({"runs": repeated}, ROOT / "results" / "seeds.json")
    for path in (ROOT / "results").glob("[0-9]*.json"):
        if path.name not in rows:
            path.unlink()


def _row(title: str, source: str, keys: Sequence[str]) -> dict[str, Any]:
    """A row of the table: a title and the part of a run's metrics under some keys."""
    metrics: Any = json.loads((ROOT / source).read_text(encoding="utf-8"))
    for key in keys:
        metrics = metrics[key]
    return {"title": title, "metrics": metrics}


def _repeated(title: str, runs: Sequence[str]) -> dict[str, Any]:
    """The scores of runs with different seeds, on the development reports and on the five articles."""
    folders = [ROOT / "runs" / run for run in runs]
    metrics = [json.loads((folder / "metrics.json").read_text(encoding="utf-8")) for folder in folders]
    configs = [tomllib.loads((folder / "config.toml").read_text(encoding="utf-8")) for folder in folders]
    seeds = [config.pop("seed") for config in configs]
    if any(config | {"name": ""} != configs[0] | {"name": ""} for config in configs):
        raise SystemExit(f"error: {', '.join(runs)} differ in more than their seed and name")
    return {
        "title": title,
        "seeds": seeds,
        **{
            place: {name: [run[place][name]["f1"] for run in metrics] for name in METRICS}
            for place in ("dev", "test")
        },
    }


if __name__ == "__main__":
    main()
