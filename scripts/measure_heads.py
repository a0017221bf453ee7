"""Trains the backbone with one head at a time and with all, and collects the scores in results/heads.json.

python scripts/measure_heads.py            # train; several processes can share it, by --seeds
python scripts/measure_heads.py --collect  # when all runs are finished
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from conflictcoder.errors import ConflictCoderError
from train.config import load_config
from train.files import write_json
from train.sweep import SEEDS, Point, collect, train_missing

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
def main(overrides: Sequence[str], config: Path, seeds: Sequence[int], *, collects: bool) -> None:
    """Train each choice of heads with each seed; finished runs are kept."""
    points = []
    for seed in seeds:
        for name, layers in HEADS.items():
            own = [f"name=heads-{name}-{seed}", f"seed={seed}", f"model.layers={layers}"]
            points.append(Point({"heads": name, "seed": seed}, load_config(config, [*overrides, *own])))
    try:
        if collects:
            result = collect(points, varied=("seed", "model.layers"))
            write_json(result, ROOT / "results" / "heads.json")
        else:
            train_missing(points)
    except ConflictCoderError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
