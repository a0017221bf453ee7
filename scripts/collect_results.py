"""Collects the metrics of finished runs into results/, one file a row of the results table.

python scripts/collect_results.py   # after the commands in results/README.md
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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
        "shipped, on 38 held-out reports of the corpus",
        "runs/student/int8-test/metrics.json",
        (),
    ),
    "7-shipped-fresh.json": (
        "shipped, on fresh reports, written after training",
        "runs/student/int8-fresh/metrics.json",
        (),
    ),
    "8-shipped-conflict.json": (
        "shipped, on the held-out conflict (Sudan)",
        "runs/student/int8-conflict/metrics.json",
        (),
    ),
}


def main() -> None:
    """Write the files."""
    for name, (title, source, keys) in ROWS.items():
        metrics: Any = json.loads((ROOT / source).read_text(encoding="utf-8"))
        for key in keys:
            metrics = metrics[key]
        text = json.dumps({"title": title, "metrics": metrics}, ensure_ascii=False, indent=2)
        (ROOT / "results" / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
