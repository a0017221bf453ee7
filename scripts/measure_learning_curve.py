"""Trains on growing shares of the written corpus, and collects what that gave in results/learning_curve.json.

python scripts/measure_learning_curve.py            # train; several processes can share it, by --seeds
python scripts/measure_learning_curve.py --collect  # when all runs are finished
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import click

from train.cli import guarded
from train.config import load_config
from train.sweep import SEEDS, Point, run_sweep

ROOT = Path(__file__).parent.parent
SHARES = (10, 25, 50, 100)


@click.command()
@click.argument("overrides", nargs=-1)
@click.option("--config", default="configs/written.toml", show_default=True, type=click.Path(path_type=Path))
@click.option("--shares", default=SHARES, multiple=True, show_default=True, help="Percent of the reports.")
@click.option("--seeds", default=SEEDS, multiple=True, show_default=True)
@click.option("--collect", "collects", is_flag=True, help="Train nothing; write what finished runs gave.")
@guarded
def main(
    overrides: Sequence[str], config: Path, shares: Sequence[int], seeds: Sequence[int], *, collects: bool
) -> None:
    """Train on each share of the training reports with each seed; finished runs are kept."""
    points = []
    for share, seed in itertools.product(shares, seeds):
        own = [f"name=curve-{share}-{seed}", f"seed={seed}", f"data.train_share={share / 100}"]
        points.append(Point({"share": share, "seed": seed}, load_config(config, [*overrides, *own])))
    result = ROOT / "results" / "learning_curve.json"
    run_sweep(points, ("seed", "data.train_share"), result, collects=collects)


if __name__ == "__main__":
    main()
