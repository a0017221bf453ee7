"""Shows on a terminal how far a run is, how fast it goes and how long it will take."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from conflictcoder.inputs import ArticleReader


class ProgressBar:
    """A bar on standard error, if that is a terminal; a context.

    How much is left is known in bytes of input: articles are not counted before they are read.

    Args:
        console: Standard error.
        reader: Reads the input.
        shown: Whether to show it if standard error is a terminal.
    """

    def __init__(self, console: Console, reader: ArticleReader, *, shown: bool) -> None:
        self._reader = reader
        self._articles = 0
        self._started = time.monotonic()
        columns = (
            TextColumn("coding"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[articles]} articles, {task.fields[rate]:.1f}/s, left"),
            TimeRemainingColumn(),
        )
        # Standard output carries documents: rich must not redirect it to its console.
        self._bar = Progress(
            *columns,
            console=console,
            disable=not (shown and sys.stderr and sys.stderr.isatty()),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("coding", total=reader.size or None, articles=0, rate=0.0)

    def start(self) -> None:
        """Count time from here: what was done in an earlier run says nothing about the rate."""
        self._started = time.monotonic()
        self._bar.reset(self._task, completed=self._reader.position)

    def advance(self) -> None:
        """Show that another article is done."""
        self._articles += 1
        rate = self._articles / max(time.monotonic() - self._started, 1e-9)
        self._bar.update(
            self._task, completed=self._reader.position, articles=f"{self._articles:,}", rate=rate
        )

    def __enter__(self) -> ProgressBar:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
