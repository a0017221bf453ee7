"""Trains on growing shares of the written corpus, and collects what that gave in results/learning_curve.json.

python scripts/measure_learning_curve.py            # train; several processes can share it, by --seeds
python scripts/measure_learning_curve.py --collect  # when all runs are finished
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from train.config import ExperimentConfig, load_config
from train.files import read_json, write_json
from train.fit import fit
from train.metrics.report import HEADLINES
from train.provenance import METRICS, PROVENANCE, OtherRunError, is_finished

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
    """Train on each share of the training reports with each seed; finished runs are kept."""
    runs = {
        (share, seed): load_config(
            config,
            [*overrides, f"name=curve-{share}-{seed}", f"seed={seed}", f"data.train_share={share / 100}"],
        )
        for share in shares
        for seed in seeds
    }
    if collect:
        write_json(_collect(runs), ROOT / "results" / "learning_curve.json")
        return
    for settings in runs.values():
        try:
            finished = is_finished(settings)
        except OtherRunError as error:
            raise click.ClickException(str(error)) from None
        if not finished:
            fit(settings, overwrite=True)


def _collect(runs: dict[tuple[int, int], ExperimentConfig]) -> dict[str, Any]:
    """The scores of all runs, which must have learnt from the same data with the same settings."""
    points, origins = [], []
    for (share, seed), settings in runs.items():
        folder = settings.run_folder
        if not (folder / METRICS).exists():
            raise click.ClickException(f"{folder}: is not finished; train it first")
        metrics, made = read_json(folder / METRICS), read_json(folder / PROVENANCE)
        points.append({"share": share, "seed": seed} | {part: _f1(metrics[part]) for part in ("dev", "test")})
        made["config"] |= {"name": "", "seed": 0, "data": made["config"]["data"] | {"train_share": 1}}
        origins.append({name: made[name] for name in ("config", "data", "commit")})
        if origins[-1] != origins[0]:
            raise click.ClickException(
                f"{folder}: was made with other settings, data or code than the first run"
            )
    return origins[0] | {"points": points}


def _f1(metrics: dict[str, Any]) -> dict[str, float]:
    return {name: metrics[name]["f1"] for name in HEADLINES if name in metrics}


if __name__ == "__main__":
    main()
