"""Collects the metrics of finished runs into results/, one file a row of the results table.

python scripts/collect_results.py   # after the commands in results/README.md
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

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
# Runs that differ in their seed alone, on the five articles; a share is of the training reports.
REPEATED = {
    **{
        f"minilm, labels alone, {share} % of the corpus": [f"curve-{share}-{seed}" for seed in (13, 14, 15)]
        for share in (10, 25, 50)
    },
    "minilm, labels alone": ["written", "curve-100-14", "curve-100-15"],
    "student, fp32": ["student", "student-14", "student-15"],
}
SCORES = ("entity_f1", "event_type_f1", "trig_i", "trig_c", "arg_i", "arg_c")


def main() -> None:
    """Write the files."""
    for name, (title, source, keys) in ROWS.items():
        metrics: Any = json.loads((ROOT / source).read_text(encoding="utf-8"))
        for key in keys:
            metrics = metrics[key]
        write_json({"title": title, "metrics": metrics}, ROOT / "results" / name)
    write_json([_repeated(title, runs) for title, runs in REPEATED.items()], ROOT / "results" / "seeds.json")


def _repeated(title: str, runs: list[str]) -> dict[str, Any]:
    """The scores of runs with different seeds, on the development reports and on the five articles."""
    folders = [ROOT / "runs" / run for run in runs]
    metrics = [json.loads((folder / "metrics.json").read_text(encoding="utf-8")) for folder in folders]
    return {
        "title": title,
        "seeds": [tomllib.loads((folder / "config.toml").read_text())["seed"] for folder in folders],
        **{
            place: {name: [run[place][name]["f1"] for run in metrics] for name in SCORES}
            for place in ("dev", "test")
        },
    }


if __name__ == "__main__":
    main()
