"""Collects the metrics of finished runs into results/, one file a row of the results table.

python scripts/collect_results.py   # after the commands in results/README.md

A row whose run is not on this machine stays as it is, which is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from train.benchmark_report import SUMMARY
from train.files import read_json, write_json

ROOT = Path(__file__).parent.parent
ROWS = {
    "1-crossval-five.json": (
        "minilm, leave one article out, the other four alone",
        "runs/minilm-crossval/metrics.json",
        ("seeds", "13"),
    ),
    "1-crossval-written.json": (
        "minilm, leave one article out, the corpus and the other four",
        "runs/written-crossval/metrics.json",
        ("seeds", "13"),
    ),
    "2-written.json": ("minilm, labels alone", "runs/written/metrics.json", ("test",)),
    "3-mpnet.json": ("mpnet, the teacher", "runs/mpnet/metrics.json", ("test",)),
    "4-student.json": (
        "minilm, distilled from an earlier mpnet, fp32",
        "runs/student/metrics.json",
        ("test",),
    ),
    "4-successor.json": (
        "minilm, trained on from the bundle before and taught by mpnet, fp32",
        "runs/successor/metrics.json",
        ("test",),
    ),
    "5-shipped.json": ("**the same in int8, shipped**", "runs/shipped/five/metrics.json", ()),
    "6-shipped-test.json": (
        "shipped, on the held-out reports of the corpus",
        "runs/shipped/test/metrics.json",
        (),
    ),
    "7-shipped-conflict.json": (
        "shipped, on the held-out conflict (Sudan)",
        "runs/shipped/conflict/metrics.json",
        (),
    ),
}


@click.command()
def main() -> None:
    """Write the files, once all runs are read, and remove the rows that are none any more."""
    rows = {name: _row(*row) for name, row in ROWS.items() if (ROOT / row[1]).exists()}
    for name, row in rows.items():
        write_json(row, ROOT / "results" / name)
    for path in (ROOT / "results").glob("[0-9]*.json"):
        if path.name not in ROWS:
            path.unlink()
    for name in ROWS.keys() - rows.keys():
        click.echo(f"{name} stays as it is: there is no {ROWS[name][1]}", err=True)
    summary = ROOT / "results" / SUMMARY
    results = {result["name"]: result for result in read_json(summary)}
    finished = ROOT / "runs" / "benchmarks" / SUMMARY
    if finished.exists():
        results |= {
            result["name"]: _without_runs(result) for result in read_json(finished) if result["finished"]
        }
    write_json([results[name] for name in sorted(results)], summary)


def _without_runs(result: dict[str, Any]) -> dict[str, Any]:
    """What the table shows of a benchmark: not each run with all its metrics."""
    return {name: result[name] for name in ("name", "backbone", "seeds", "chosen", "metrics")}


def _row(title: str, source: str, keys: Sequence[str]) -> dict[str, Any]:
    """A row of the table: a title and the part of a run's metrics under some keys."""
    metrics = read_json(ROOT / source)
    for key in keys:
        metrics = metrics[key]
    return {"title": title, "metrics": metrics}


if __name__ == "__main__":
    main()
