"""Trains the backbone with one head at a time and with all, and collects the scores in results/heads.json.

python scripts/measure_heads.py            # train; several processes can share it, by --seeds
python scripts/measure_heads.py --collect  # when all runs are finished
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from train.cli import guarded
from train.config import load_config
from train.sweep import SEEDS, Point, run_sweep

ROOT = Path(__file__).parent.parent
# Arguments lie between triggers and mentions, so there is no reading them alone.
HEADS = {
    "all": [],
    "entities": ["entities"],
    "events": ["events"],
    "event_types": ["event_types"],
    "arguments": ["entities", "events", "arguments"],
}


@click.command()
@click.argument("overrides", nargs=-1)
@click.option(
    "--config", default="configs/quickstart.toml", show_default=True, type=click.Path(path_type=Path)
)
@click.option("--seeds", default=SEEDS, multiple=True, show_default=True)
@click.option("--collect", "collects", is_flag=True, help="Train nothing; write what finished runs gave.")
@guarded
def main(overrides: Sequence[str], config: Path, seeds: Sequence[int], *, collects: bool) -> None:
    """Train each choice of heads with each seed; finished runs are kept."""
    points = [
        Point(
            {"heads": name, "seed": seed},
            load_config(
                config, [*overrides, f"name=heads-{name}-{seed}", f"seed={seed}", f"model.layers={layers}"]
            ),
        )
        for seed in seeds
        for name, layers in HEADS.items()
    ]
    run_sweep(points, ("seed", "model.layers"), ROOT / "results" / "heads.json", collects=collects)


if __name__ == "__main__":
    main()
