"""Collects the metrics of finished runs into results/, one file a column of the results table.

python scripts/collect_results.py   # after the commands in results/README.md
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
COLUMNS = {
    "1-crossval-five.json": (
        "leave one out, five articles only",
        "runs/minilm-crossval/metrics.json",
        ("seeds", "13"),
    ),
    "2-written-fp32.json": ("written → five, fp32", "runs/written/metrics.json", ("test",)),
    "3-written-int8.json": ("**written → five, shipped**", "runs/written/int8-five/metrics.json", ()),
    "4-written-int8-test.json": (
        "held-out written reports, shipped",
        "runs/written/int8-test/metrics.json",
        (),
    ),
}


def main() -> None:
    """Write the files."""
    for name, (title, source, keys) in COLUMNS.items():
        metrics: Any = json.loads((ROOT / source).read_text(encoding="utf-8"))
        for key in keys:
            metrics = metrics[key]
        text = json.dumps({"title": title, "metrics": metrics}, ensure_ascii=False, indent=2)
        (ROOT / "results" / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
