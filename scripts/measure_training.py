"""Measures how fast a config trains here, and how much of its batches is padding.

Usage: python scripts/measure_training.py [CONFIG] [--steps N] [SECTION.KEY=VALUE]...

The batches are those of an epoch of `fit`, with and without grouping by length; the steps are those of
`fit` too, without its evaluations.
"""

from __future__ import annotations

import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import torch
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from train.config import ExperimentConfig, load_config
from train.development import DevelopmentMetrics
from train.fit import Experiment, make_trainer, prepare
from train.precision import mixed_precision

_WARM_UP = 5  # steps that compile and allocate


class _Stopwatch(TrainerCallback):
    """Notes when the first steps are done and when enough are."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.times: dict[int, float] = {}

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        self.times[state.global_step] = time.monotonic()
        control.should_training_stop = state.global_step >= _WARM_UP + self.steps
        control.should_evaluate = control.should_save = False


@click.command()
@click.argument("config", default="configs/written.toml", type=click.Path(path_type=Path))
@click.argument("overrides", nargs=-1)
@click.option("--steps", default=50, show_default=True, help="Steps to time.")
def main(config: Path, overrides: Sequence[str], steps: int) -> None:
    """Print sentences a second and the share of padding."""
    settings = load_config(config, [*overrides, "distillation.teachers=[]"])
    with tempfile.TemporaryDirectory() as scratch:
        settings = settings.model_copy(update={"output": scratch})
        settings.run_folder.mkdir()
        experiment = prepare(settings)
        watch = _Stopwatch(steps)
        trainer = _trainer(experiment)
        trainer.add_callback(watch)
        trainer.train()
    seconds = watch.times[max(watch.times)] - watch.times[_WARM_UP]
    training = settings.training
    windows = (max(watch.times) - _WARM_UP) * training.batch_size * training.accumulation
    sentences = sum(len(document.gold.document.sentences) for document in experiment.train)
    rate = windows / seconds
    share = sentences / sum(len(document.windows) for document in experiment.train)
    precision = next((name for name, on in mixed_precision(training.precision).items() if on), "fp32")
    click.echo(
        f"{settings.model.backbone}: {rate * share:.1f} sentences/s, {rate:.1f} windows/s in training steps; "
        f"{torch.get_num_threads()} threads, {precision}, {platform.machine()}"
    )
    for grouped in (True, False):
        training = settings.training.model_copy(update={"group_by_length": grouped})
        ordered = settings.model_copy(update={"training": training})
        click.echo(f"grouped by length {grouped}: {_padding(experiment, ordered):.1%} of an epoch is padding")


def _padding(experiment: Experiment, settings: ExperimentConfig) -> float:
    """Share of the batches' cells that hold no token."""
    changed = replace(experiment, config=settings)
    tokens = cells = 0
    for batch in _trainer(changed).get_train_dataloader():
        tokens += int(batch["attention_mask"].sum())
        cells += batch["attention_mask"].numel()
    return 1 - tokens / cells


def _trainer(experiment: Experiment) -> Trainer:
    return make_trainer(experiment, DevelopmentMetrics(experiment.dev, experiment.labels))


if __name__ == "__main__":
    main()
