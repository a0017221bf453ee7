"""Trains on growing shares of the written corpus; writes results/learning_curve.json.

python scripts/measure_learning_curve.py [section.key=value …]

Runs that are finished are kept, so that several processes can share the work (`--seeds 13` in one,
`--seeds 14` in the other) and the last one collects.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from train.config import load_config
from train.evaluation import write_json
from train.fit import fit
from train.metrics.report import HEADLINES

ROOT = Path(__file__).parent.parent
SHARES = (10, 25, 50, 100)
SEEDS = (13, 14, 15)


@click.command()
@click.argument("overrides", nargs=-1)
@click.option("--config", default="configs/written.toml", show_default=True, type=click.Path(path_type=Path))
@click.option("--shares", default=SHARES, multiple=True, show_default=True, help="Percent of the reports.")
@click.option("--seeds", default=SEEDS, multiple=True, show_default=True)
@click.option("--collect", is_flag=True, help="Train nothing; write what the finished runs gave.")
def main(
    overrides: Sequence[str], config: Path, shares: Sequence[int], seeds: Sequence[int], *, collect: bool
) -> None:
    """Train on each share of the training reports with each seed, and score dev and test documents."""
    points = []
    for share in shares:
        for seed in seeds:
            run = [f"name=curve-{share}-{seed}", f"seed={seed}", f"data.train_share={share / 100}"]
            settings = load_config(config, [*overrides, *run])
            finished = settings.run_folder / "metrics.json"
            if not (finished.exists() or collect):
                fit(settings, overwrite=True)
            metrics = json.loads(finished.read_text(encoding="utf-8"))
            points.append(
                {"share": share, "seed": seed} | {part: _f1(metrics[part]) for part in ("dev", "test")}
            )
    write_json({"config": config.stem, "points": points}, ROOT / "results" / "learning_curve.json")


def _f1(metrics: dict[str, Any]) -> dict[str, float]:
    return {name: metrics[name]["f1"] for name in HEADLINES if name in metrics}


if __name__ == "__main__":
    main()
