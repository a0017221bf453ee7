"""The command line of the training package."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from conflictcoder.errors import ConflictCoderError

if TYPE_CHECKING:
    from train.config import ExperimentConfig

# The commands import what they need themselves: torch and transformers take seconds to import, and a
# typing error in a config should be told at once.

_CONFIG = click.argument("config", type=click.Path(path_type=Path))
_OVERRIDES = click.argument("overrides", nargs=-1, metavar="[SECTION.KEY=VALUE]...")


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Turn a user's mistake into a message and an exit status, without a traceback."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever click passes
        from train.config import ConfigError

        try:
            command(*args, **kwargs)
        except ConfigError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(2)
        except (ConflictCoderError, PermissionError, NotADirectoryError) as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(1)
        except KeyboardInterrupt:
            click.echo("stopped; what is finished stays on disk, --resume goes on", err=True)
            sys.exit(130)

    return run


@click.group()
def main() -> None:
    """Train, evaluate and export conflictcoder's models."""
    if not sys.stderr.isatty():
        # Their bars overwrite a terminal's line and fill a log.
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


@main.command()
@_CONFIG
@_OVERRIDES
@click.option("--dry-run", is_flag=True, help="Build the model, run one batch, print the resolved config.")
@click.option("--resume", is_flag=True, help="Go on with an interrupted run.")
@click.option("--overwrite", is_flag=True, help="Throw an earlier run of this name away.")
@click.option(
    "--data", default=".", type=click.Path(path_type=Path), help="Folder that the config's paths start in."
)
@guarded
def fit(
    config: Path, overrides: tuple[str, ...], *, dry_run: bool, resume: bool, overwrite: bool, data: Path
) -> None:
    """Train a model from CONFIG, evaluate it, and save it in its run folder."""
    from train.config import load_config
    from train.data.paths import rebase

    settings = load_config(config, overrides)
    settings = settings.model_copy(update={"data": rebase(settings.data, data)})
    if not dry_run:
        _train(settings, resume=resume, overwrite=overwrite)
        return
    _quiet()
    from train.fit import dry_run as run

    click.echo(json.dumps(run(settings), indent=2))


@main.command()
@_CONFIG
@_OVERRIDES
@click.option("--resume", is_flag=True, help="Go on with an interrupted run.")
@click.option("--overwrite", is_flag=True, help="Throw an earlier run of this name away.")
@guarded
def distill(config: Path, overrides: tuple[str, ...], *, resume: bool, overwrite: bool) -> None:
    """Train a student from CONFIG, whose distillation.teachers are trained already."""
    from train.config import ConfigError, load_config

    settings = load_config(config, overrides)
    if not settings.distillation.teachers:
        raise ConfigError(f"{config}: distillation.teachers is empty; name the runs to learn from")
    _train(settings, resume=resume, overwrite=overwrite)


@main.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Labelled documents.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of what is written.")
@click.option("--device", default="cpu", show_default=True)
@guarded
def evaluate(checkpoint: Path, data: Path, out: Path | None, device: str) -> None:
    """Evaluate CHECKPOINT (a run, checkpoint or bundle) on labelled documents.

    A file of classes or CoNLL is read as `fit` read it, if CHECKPOINT lies in its run folder: with the
    settings (columns, header, prefix) of the source in the run's config.toml that names the file, or of
    the only one of its format. Otherwise .tsv and .csv are texts with their classes and anything else is
    CoNLL, with the first column as text or token.
    """
    _quiet()
    from conflictcoder.bundle import is_bundle
    from conflictcoder.coder import EventCoder
    from train.config import CONFIG, load_config
    from train.data.reading import is_annotated, read_for
    from train.evaluation import evaluate_coder
    from train.files import write_json
    from train.provenance import find_run
    from train.report.page import write_report
    from train.seen import tell_of_seen

    coder = EventCoder.from_pretrained(checkpoint, device=device)
    run = find_run(checkpoint)
    configured = run and (run / CONFIG).is_file() and not is_annotated(data)
    settings = load_config(run / CONFIG).data if configured else None
    documents = read_for(coder.config.labels, data, settings)
    ids = [item.document.id for item in documents]
    if told := tell_of_seen(checkpoint, "these documents", test=ids):
        click.echo(f"warning: {told}", err=True)
    result = evaluate_coder(coder, documents)
    # Not in a bundle: all that is in one is shipped, and its manifest lists it.
    place = Path("runs") / checkpoint.name if is_bundle(checkpoint) else checkpoint
    out = out or place / "evaluation" / data.stem
    out.mkdir(parents=True, exist_ok=True)
    write_json(result.metrics, out / "metrics.json")
    result.write_errors(out / "errors.jsonl")
    title = f"{checkpoint} on {data}"
    write_report(result, out / "report.html", title=title, run=run)
    _print_metrics(title, result.metrics)
    click.echo(f"metrics: {out / 'metrics.json'}, errors to read: {out / 'errors.jsonl'}")
    click.echo(f"report with pictures and examples: {out / 'report.html'}")


@main.command()
@_CONFIG
@_OVERRIDES
@click.option("--resume", is_flag=True, help="Keep the folds that are finished.")
@click.option("--overwrite", is_flag=True, help="Throw earlier folds away.")
@guarded
def crossval(config: Path, overrides: tuple[str, ...], *, resume: bool, overwrite: bool) -> None:
    """Code each document of the config's sets by a model trained on everything but it."""
    from train.config import load_config

    settings = load_config(config, overrides)
    _quiet()
    from train.crossval import crossval as run

    metrics = run(settings, resume=resume, overwrite=overwrite)
    for seed, values in metrics["seeds"].items():
        _print_metrics(f"{settings.name}: leave one out, seed {seed}", values)


def _listed(context: click.Context, parameter: click.Parameter, value: str | None) -> list[str]:
    """The items of an option that are divided by commas."""
    return [item.strip() for item in (value or "").split(",") if item.strip()]


def _seeds(context: click.Context, parameter: click.Parameter, value: str | None) -> list[int]:
    items = _listed(context, parameter, value)
    if not all(item.isdecimal() for item in items) or len(set(items)) != len(items):
        raise click.BadParameter(f"{value!r}: expected different whole numbers divided by commas")
    return [int(item) for item in items]


@main.command()
@click.argument("configs", type=click.Path(path_type=Path))
@_OVERRIDES
@click.option(
    "--data", required=True, type=click.Path(path_type=Path), help="Folder that the configs' paths start in."
)
@click.option("--backbone", default="", help="Backbone instead of the configs'.")
@click.option("--seeds", callback=_seeds, metavar="N,N,…", help="Seeds instead of the configs'.")
@click.option("--only", callback=_listed, metavar="NAME,NAME,…", help="Only the configs of these names.")
@click.option(
    "--out", default="runs/benchmarks", show_default=True, type=click.Path(path_type=Path), help="Results."
)
@click.option("--resume", is_flag=True, help="Keep the runs that are finished.")
@guarded
def benchmark(
    configs: Path,
    overrides: tuple[str, ...],
    *,
    data: Path,
    backbone: str,
    seeds: list[int],
    only: list[str],
    out: Path,
    resume: bool,
) -> None:
    """Measure the recipes in the folder CONFIGS on public data: rates chosen on dev, several seeds."""
    from train.config import load_configs

    suite = load_configs(configs, overrides, only)
    _quiet()
    from train.benchmark import place_benchmark
    from train.benchmark_report import print_results, run_all

    placed = [place_benchmark(config, data=data, out=out, backbone=backbone, seeds=seeds) for config in suite]
    results = run_all(placed, out, resume=resume, report=lambda line: click.echo(line, err=True))
    print_results(results, Console(width=None if sys.stdout.isatty() else 140))
    click.echo(f"all results: {out / 'benchmarks.json'}")


@main.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the bundle.")
@click.option(
    "--texts",
    default="data/articles",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder of articles (.txt) on which bundle and checkpoint must agree.",
)
@click.option("--fp32", is_flag=True, help="Do not quantise.")
@click.option("--tolerance", type=click.FloatRange(0, 1), help="Smallest F1 between both answers.")
@guarded
def export(checkpoint: Path, out: Path, texts: Path, *, fp32: bool, tolerance: float | None) -> None:
    """Export CHECKPOINT as a bundle that needs no torch."""
    _quiet()
    from conflictcoder.document import Article
    from conflictcoder.errors import DataError
    from train.data.cleaning import clean_article
    from train.export import export as run

    articles = [
        Article(text=clean_article(path.read_text(encoding="utf-8")), id=path.stem)
        for path in sorted(texts.glob("*.txt"))
    ]
    if not articles:
        raise DataError("has no .txt file; give a folder of articles with --texts", file=str(texts))
    agreement = run(checkpoint, out, articles, quantize=not fp32, tolerance=tolerance)
    size = sum(file.stat().st_size for file in out.iterdir()) / 1e6
    click.echo(
        f"{out}: {size:.1f} MB; F1 of its answers against the checkpoint's on {len(articles)} articles:"
    )
    for kind, value in agreement.items():
        click.echo(f"  {kind:14}{value:.4f}")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@guarded
def check(folder: Path) -> None:
    """Validate the data FOLDER and print its statistics."""
    from train.data.check import check_data

    report = check_data(folder)
    for line in report.statistics.lines():
        click.echo(line)
    for mistake in report.mistakes:
        click.echo(mistake, err=True)
    if report.mistakes:
        click.echo(f"{len(report.mistakes)} mistakes", err=True)
        sys.exit(1)
    click.echo("no mistakes")


def _train(settings: ExperimentConfig, *, resume: bool, overwrite: bool) -> None:
    _quiet()
    from train.fit import fit as run

    metrics = run(settings, resume=resume, overwrite=overwrite)
    for name in ("dev", "test"):
        if name in metrics:
            _print_metrics(f"{settings.name}: {name}", metrics[name])
    click.echo(f"run folder: {settings.run_folder}")


def _print_metrics(title: str, metrics: dict[str, Any]) -> None:
    from train.metrics.report import print_report

    click.echo(title)
    print_report(metrics, Console(width=None if sys.stdout.isatty() else 120))


def _quiet() -> None:
    """Turn off the bars of transformers where nobody watches them."""
    from transformers.utils import logging

    if not sys.stderr.isatty():
        logging.disable_progress_bar()
