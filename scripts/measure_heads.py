"""Trains the backbone with one head at a time and with all, and collects the scores in results/heads.json.

python scripts/measure_heads.py            # train; several processes can share it, by --seeds
python scripts/measure_heads.py --collect  # when all runs are finished
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
SEEDS = (13, 14, 15)
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
@click.option("--collect", is_flag=True, help="Train nothing; write what the finished runs gave.")
def main(overrides: Sequence[str], config: Path, seeds: Sequence[int], *, collect: bool) -> None:
    """Train each choice of heads with each seed; finished runs are kept."""
    runs = {
        (name, seed): load_config(
            config, [*overrides, f"name=heads-{name}-{seed}", f"seed={seed}", f"model.layers={layers}"]
        )
        for seed in seeds
        for name, layers in HEADS.items()
    }
    if collect:
        write_json(_collect(runs), ROOT / "results" / "heads.json")
        return
    for settings in runs.values():
        try:
            finished = is_finished(settings)
        except OtherRunError as error:
            raise click.ClickException(str(error)) from None
        if not finished:
            fit(settings, overwrite=True)


def _collect(runs: dict[tuple[str, int], ExperimentConfig]) -> dict[str, Any]:
    """The scores of all runs, which must have learnt from the same data with the same settings."""
    points, origins = [], []
    for (name, seed), settings in runs.items():
        folder = settings.run_folder
        if not (folder / METRICS).exists():
            raise click.ClickException(f"{folder}: is not finished; train it first")
        metrics, made = read_json(folder / METRICS), read_json(folder / PROVENANCE)
        points.append({"heads": name, "seed": seed} | {part: _f1(metrics[part]) for part in ("dev", "test")})
        made["config"] |= {"name": "", "seed": 0, "model": made["config"]["model"] | {"layers": []}}
        origins.append({key: made[key] for key in ("config", "data", "commit")})
        if origins[-1] != origins[0]:
            raise click.ClickException(
                f"{folder}: was made with other settings, data or code than the first run"
            )
    return origins[0] | {"points": points}


def _f1(metrics: dict[str, Any]) -> dict[str, float]:
    return {name: metrics[name]["f1"] for name in HEADLINES if name in metrics}


if __name__ == "__main__":
    main()
