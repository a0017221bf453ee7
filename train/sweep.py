"""Runs of one experiment that differ in a few settings: trains those missing, collects the scores of all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conflictcoder.errors import ConflictCoderError
from train.config import ExperimentConfig
from train.files import read_json, write_json
from train.fit import fit
from train.metrics.report import f1_scores
from train.provenance import METRICS, PROVENANCE, is_finished

SEEDS = (13, 14, 15)


class SweepError(ConflictCoderError):
    """The runs of a sweep cannot be collected."""


@dataclass(frozen=True)
class Point:
    """One run.

    Attributes:
        label: What tells it from the others.
        config: Its config.
    """

    label: dict[str, Any]
    config: ExperimentConfig


def run_sweep(points: Sequence[Point], varied: Sequence[str], result: Path, *, collects: bool) -> None:
    """Train the runs that are not finished or, once all are, write what they gave.

    Args:
        points: The runs.
        varied: The keys in which their configs differ beside the name, as `section.key`.
        result: File of the scores.
        collects: Train nothing; write it.

    Raises:
        ConflictCoderError: Something is missing or malformed, or a run is another one.
    """
    if collects:
        write_json(collect(points, varied), result)
    else:
        train_missing(points)


def train_missing(points: Iterable[Point]) -> None:
    """Train the runs that are not finished.

    Raises:
        OtherRunError: A run folder has a run with other settings.
        ConflictCoderError: Something is missing or malformed.
    """
    for point in points:
        if not is_finished(point.config):
            fit(point.config, overwrite=True)


def collect(points: Iterable[Point], varied: Sequence[str]) -> dict[str, Any]:
    """The scores of all runs, and what they have in common.

    Args:
        points: The runs.
        varied: The keys in which their configs differ beside the name, as `section.key`.

    Raises:
        SweepError: One is not finished, or differs in more than that.
    """
    scores, origins = [], []
    for point in points:
        folder = point.config.run_folder
        if not (folder / METRICS).exists():
            raise SweepError(f"{folder}: is not finished; train it first")
        metrics, made = read_json(folder / METRICS), read_json(folder / PROVENANCE)
        scores.append(point.label | {part: f1_scores(metrics[part]) for part in ("dev", "test")})
        for key in ("name", *varied):
            *sections, name = key.split(".")
            section = made["config"]
            for part in sections:
                section = section[part]
            del section[name]
        origins.append({name: made[name] for name in ("config", "data", "commit")})
        if origins[-1] != origins[0]:
            message = f"{folder}: was made with other settings, data or code than the first run"
            raise SweepError(message)
    return origins[0] | {"points": scores}
