"""The command line: `conflictcoder code` and `conflictcoder info`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console

from conflictcoder import __version__
from conflictcoder.arrow import require_pyarrow
from conflictcoder.bundle import default_bundle
from conflictcoder.calibration import BALANCED, OPERATING_POINTS
from conflictcoder.coder import EventCoder
from conflictcoder.compression import COMPRESSIONS
from conflictcoder.document import Article
from conflictcoder.errors import ConflictCoderError, DataError
from conflictcoder.inputs import ArticleReader, list_files, not_read
from conflictcoder.journal import Journal, Recorder
from conflictcoder.lock import lock_path, locked
from conflictcoder.output import (
    FORMATS,
    RESUMABLE,
    format_of,
    is_special,
    journal_path,
    open_output,
    partial_path,
    standard_output,
)
from conflictcoder.progress import ProgressBar
from conflictcoder.records import Columns
from conflictcoder.termination import Terminated, terminable
from conflictcoder.unicode import one_line

_FAILED, _WRONG_USAGE, _INTERRUPTED, _TERMINATED = 1, 2, 130, 143

_MODEL = click.option("--model", type=click.Path(path_type=Path), help="Bundle or training checkpoint.")


@click.group()
@click.version_option(__version__)
def main() -> None:
    """Turn conflict news into event data."""


@main.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="Output file.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="By default csv or parquet if OUT ends so, or else jsonl.",
)
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
@click.option("--resume", is_flag=True, help="Go on with an interrupted run (jsonl or csv, with -o).")
@click.option("--text-column", "text", help="Column or key of the text; by default text.")
@click.option("--id-column", "id", help="The same of the id; by default id, or else rows are numbered.")
@click.option("--date-column", "date", help="The same of the date; by default date, if there is one.")
@click.option("--title-column", "title", help="The same of the title; by default title, if there is one.")
def code(
    inputs: tuple[Path, ...],
    out: Path | None,
    form: str | None,
    model: Path | None,
    device: str,
    workers: int,
    *,
    operating_point: str,
    resume: bool,
    **columns: str | None,
) -> None:
    """Code articles: text files, .jsonl, .csv and .parquet files, and folders of them.

    A .jsonl line is {"id", "text"} or {"id", "sentences"}; tables have columns of these names. Files
    may be compressed (.gz, .zst). Output is a document a line (jsonl) or an event a row (csv, parquet).
    """
    form = _choose_format(out, form)
    recorder = None
    with _telling(out), terminable():
        try:
            _check_usage(out, form, resume=resume)
            with _reading():
                files, unread = list_files(inputs)
            reader = ArticleReader(files, Columns(**columns), unread)
            out = _check_output(out, [path for path, _ in files])
            with _reading():
                coder = EventCoder.from_pretrained(model, device=device, operating_point=operating_point)
            with nullcontext() if out is None or is_special(out) else locked(out):
                with _reading():
                    recorder = _make_recorder(coder, out, form, resume=resume)
                failed = _code_articles(coder, reader, out, form, workers, recorder)
        except KeyboardInterrupt as interrupt:
            kept = f"; {partial_path(out)} keeps what is done, --resume goes on" if out and recorder else ""
            click.echo(f"stopped{kept}", err=True)
            sys.exit(_TERMINATED if isinstance(interrupt, Terminated) else _INTERRUPTED)
    if failed:
        click.echo(f"{failed} inputs failed", err=True)
        sys.exit(_FAILED)


@main.command()
@_MODEL
def info(model: Path | None) -> None:
    """Tell what a checkpoint is: labels, thresholds, provenance, metrics."""
    with _telling():
        with _reading():
            coder = EventCoder.from_pretrained(model)
        output = standard_output("jsonl")
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
        click.echo(json.dumps(described, ensure_ascii=False, indent=2), file=output)


class _Reporter:
    """Counts bad inputs and names them on standard error."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.failed = 0

    def tell(self, message: str) -> None:
        self.failed += 1
        self._console.print(one_line(message), markup=False, highlight=False, soft_wrap=True)

    def pass_on(self, items: Iterable[Article | DataError]) -> Generator[Article, None, None]:
        """Tell of the errors among what was read, and pass on the articles."""
        for item in items:
            if isinstance(item, DataError):
                self.tell(str(item))
            else:
                yield item


@contextmanager
def _telling(out: Path | None = None) -> Iterator[None]:
    """End the program with a message where the user can do something about an error.

    Args:
        out: What is written; None for standard output.
    """
    try:
        yield
    except ConflictCoderError as error:
        _fail(str(error))
    except BrokenPipeError:
        if sys.stderr:
            sys.stderr.close()  # whoever read our output has had enough
        sys.exit(0)
    except OSError as error:
        if out is None:
            sys.stdout = None  # or what it still holds fails once more at the end, as exit status 120
        _fail(f"{out or 'standard output'}: cannot be written ({error.strerror}); choose another output")


@contextmanager
def _reading() -> Iterator[None]:
    """Keep what cannot be read apart from an output that cannot be written.

    Raises:
        DataError: A file or folder cannot be read.
    """
    try:
        yield
    except OSError as error:
        raise not_read(error, error.filename or "") from None


def _choose_format(out: Path | None, form: str | None) -> str:
    suffix = out.suffix.lower() if out else ""
    if suffix in COMPRESSIONS:
        raise click.UsageError(f"-o {out}: output is not compressed; leave {suffix} off")
    form = form or format_of(out)
    if form is None:
        raise click.UsageError(
            f"-o {out}: tables are not written as {suffix}; choose a format by --format "
            f"({', '.join(FORMATS)}), or end it in .csv or .parquet"
        )
    return form


def _check_usage(out: Path | None, form: str, *, resume: bool) -> None:
    if resume and (out is None or form not in RESUMABLE):
        raise click.UsageError(f"--resume needs -o OUT and the format {' or '.join(RESUMABLE)}")
    if out is None:
        standard_output(form)
    if form == "parquet":
        if out is None:
            raise click.UsageError("--format parquet needs -o OUT")
        require_pyarrow(out)


def _check_output(out: Path | None, inputs: list[Path]) -> Path | None:
    """The file that is written, behind links.

    Raises:
        DataError: It leads nowhere, its folder is missing, or writing it would destroy an input.
    """
    if out is None or is_special(out):
        return out
    out = Path(os.path.realpath(out))  # Path.resolve raises on some Pythons if links lead in a circle
    if out.is_symlink():
        raise DataError("a link that leads back to itself; choose another output", file=str(out))
    if not out.parent.is_dir():
        raise DataError("the output cannot be written: its folder does not exist; make it", file=str(out))
    taken = {out, partial_path(out), journal_path(out), lock_path(out)}
    if any(path.resolve() in taken for path in inputs):
        raise DataError("the output is among the inputs; choose another output", file=str(out))
    return out


def _make_recorder(coder: EventCoder, out: Path | None, form: str, *, resume: bool) -> Recorder | None:
    if out is None or is_special(out) or form not in RESUMABLE:
        return None
    run = {"conflictcoder": __version__, "format": form, "model": coder.fingerprint}
    return Recorder(Journal(journal_path(out), run), partial_path(out), resume=resume)


def _code_articles(
    coder: EventCoder,
    reader: ArticleReader,
    out: Path | None,
    form: str,
    workers: int,
    recorder: Recorder | None,
) -> int:
    """Code articles one after the other.

    Returns:
        How many inputs failed.
    """
    console = Console(stderr=True)
    reporter = _Reporter(console)
    ontology = coder.config.labels.ontology
    with ExitStack() as stack:
        # Closed here, so that an output that fails leaves no file open and no thread waiting.
        articles = stack.enter_context(closing(reporter.pass_on(reader)))
        shown = out is not None or not sys.stdout.isatty()
        bar = stack.enter_context(ProgressBar(console, reader, shown=shown))
        kept = None
        if recorder:
            if recorder.resumes:
                recorder.skip(articles)
                kept = recorder.progress.bytes
            for failure in recorder.progress.failures:
                reporter.tell(failure)
            stack.enter_context(recorder)
        output = stack.enter_context(open_output(out, form, ontology, kept=kept))
        bar.start()
        watched = recorder.watch(articles) if recorder else articles
        for document in stack.enter_context(closing(coder.code_many(watched, workers=workers))):
            problem = None if document.error is None else f"{document.id}: {document.error}"
            if problem is None:
                output.write(document)
            else:
                reporter.tell(problem)
            if recorder:
                recorder.done(output.flush, problem)
            bar.advance()
    return reporter.failed


def _fail(message: str) -> NoReturn:
    click.echo(f"error: {message}", err=True)
    sys.exit(_WRONG_USAGE)
