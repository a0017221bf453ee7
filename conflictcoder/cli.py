"""The command line: `conflictcoder code` and `conflictcoder info`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from conflictcoder import __version__
from conflictcoder.bundle import default_bundle
from conflictcoder.calibration import BALANCED, OPERATING_POINTS
from conflictcoder.coder import EventCoder
from conflictcoder.document import Article
from conflictcoder.errors import ConflictCoderError, DataError
from conflictcoder.inputs import list_files, read_articles
from conflictcoder.output import FORMATS, FinishedLines, make_writer, open_output, partial_path

_FAILED, _WRONG_USAGE, _INTERRUPTED = 1, 2, 130

_MODEL = click.option("--model", type=click.Path(path_type=Path), help="Bundle or training checkpoint.")


@click.group()
@click.version_option(__version__)
def main() -> None:
    """Turn conflict news into event data."""


@main.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="Output file.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="jsonl", show_default=True)
@_MODEL
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda or another torch device.")
@click.option(
    "--operating-point",
    type=click.Choice(OPERATING_POINTS),
    default=BALANCED,
    show_default=True,
    help="What to favour: few wrong answers, the best F1, or few missed events.",
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Threads.")
@click.option("--resume", is_flag=True, help="Go on with an interrupted run (jsonl with -o).")
def code(
    inputs: tuple[Path, ...],
    out: Path | None,
    form: str,
    model: Path | None,
    device: str,
    workers: int,
    *,
    operating_point: str,
    resume: bool,
) -> None:
    """Code articles: text files, folders of them, or .jsonl files with an article a line."""
    if resume and (out is None or form != "jsonl"):
        raise click.UsageError("--resume needs -o OUT and the format jsonl")
    try:
        files = list_files(inputs)
        coder = EventCoder.from_pretrained(model, device=device, operating_point=operating_point)
    except ConflictCoderError as error:
        _fail(str(error))
    try:
        failed = _code_files(coder, files, out, form, workers, resume=resume)
    except KeyboardInterrupt:
        kept = (
            f"; {partial_path(out)} keeps what is done, --resume goes on" if out and form == "jsonl" else ""
        )
        click.echo(f"stopped{kept}", err=True)
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has had enough
        sys.exit(0)
    except OSError as error:
        _fail(f"{error.filename or out}: cannot be written ({error.strerror}); choose another output")
    if failed:
        click.echo(f"{failed} inputs failed", err=True)
        sys.exit(_FAILED)


@main.command()
@_MODEL
def info(model: Path | None) -> None:
    """Tell what a checkpoint is: labels, thresholds, provenance, metrics."""
    try:
        coder = EventCoder.from_pretrained(model)
    except ConflictCoderError as error:
        _fail(str(error))
    ontology = coder.config.labels.ontology
    described = {
        "conflictcoder": __version__,
        "checkpoint": str(model or default_bundle()),
        "layers": sorted(coder.config.labels.layers),
        "entity_types": ontology.entity_types,
        "event_types": ontology.event_types,
        "roles": ontology.roles,
        "window": {"tokens": coder.config.max_tokens, "sentences": coder.config.max_sentences},
        "calibration": coder.config.calibration.to_dict(),
        "provenance": coder.config.provenance,
    }
    click.echo(json.dumps(described, ensure_ascii=False, indent=2))


class _Reporter:
    """Counts bad inputs and names them on standard error."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.failed = 0

    def tell(self, message: str) -> None:
        self.failed += 1
        self._console.print(message, markup=False, highlight=False, soft_wrap=True)


def _code_files(
    coder: EventCoder,
    files: list[tuple[Path, str]],
    out: Path | None,
    form: str,
    workers: int,
    *,
    resume: bool,
) -> int:
    """Code files one after the other.

    Returns:
        How many inputs failed.
    """
    console = Console(stderr=True)
    reporter = _Reporter(console)
    finished = FinishedLines(out) if resume and out else None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, disable=not sys.stderr.isatty(), transient=True)
    with bar, open_output(out, form=form, resume=resume) as stream:
        writer = make_writer(form, stream, coder.config.labels.ontology)
        tracked = bar.track(files, description="coding", total=len(files))
        articles = _pending(_read_all(tracked, reporter), finished)
        for document in coder.code_many(articles, workers=workers):
            if document.error is None:
                writer.write(document)
            else:
                reporter.tell(f"{document.id}: {document.error}")
        if finished and not finished.exhausted:
            raise click.UsageError(f"{partial_path(out)} is of other inputs; start without --resume")  # type: ignore[arg-type]
    return reporter.failed


def _read_all(files: Iterable[tuple[Path, str]], reporter: _Reporter) -> Iterator[Article]:
    for path, name in files:
        for item in read_articles(path, name):
            if isinstance(item, DataError):
                reporter.tell(str(item))
            else:
                yield item


def _pending(articles: Iterator[Article], finished: FinishedLines | None) -> Iterator[Article]:
    return (article for article in articles if finished is None or not finished.skip(article))


def _fail(message: str) -> NoReturn:
    click.echo(f"error: {message}", err=True)
    sys.exit(_WRONG_USAGE)
