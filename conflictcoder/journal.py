"""Remembers how far a run is, so that a killed one can go on.

The journal is a file of JSON lines beside an unfinished output. Its first line tells what is being
made; each of the others how many articles are done, a hash of them, how many bytes of output they
gave, and which of them failed. A line is written after the output that it tells of, and one that a
kill cut short is ignored: whatever lies behind the last whole line is done again.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from conflictcoder.document import Article
from conflictcoder.errors import DataError

ADVICE = "give what it was started with, or begin again without --resume"
_INTERVAL = 1.0  # seconds; as much work at most is done twice


class ArticleHash:
    """A hash of all articles so far, of everything in them that is coded or carried along."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, article: Article) -> None:
        """Take in the next article."""
        content = (article.id, article.date, article.title, article.text, article.sentences)
        self._hash.update(json.dumps(content).encode("ascii") + b"\n")

    def value(self) -> str:
        """The hash, in hexadecimal."""
        return self._hash.hexdigest()


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        articles: Articles that are done, failed ones included.
        digest: The `ArticleHash` of these articles.
        bytes: Length of the output that they gave.
        failures: Messages of those that failed.
    """

    articles: int = 0
    digest: str = field(default_factory=lambda: ArticleHash().value())
    bytes: int = 0
    failures: tuple[str, ...] = ()


class Journal:
    """The journal of an output.

    Args:
        path: Where it is.
        run: What is being made: all that the bytes of the output depend on, besides the articles.
    """

    def __init__(self, path: Path, run: Mapping[str, str]) -> None:
        self._path = path
        self._run = dict(run)
        self._stream: IO[bytes] | None = None

    def read(self) -> Progress:
        """How far the run of which this is the journal came.

        Raises:
            DataError: There is none, it is damaged, or its run was another one.
        """
        try:
            lines = [json.loads(line) for line in self._whole_lines()]
            for key, value in lines[0].items() if lines else ():
                if value != self._run.get(key):
                    message = f"the unfinished output was made with {key} {value}, not {self._run.get(key)}"
                    raise DataError(f"{message}; {ADVICE}", file=str(self._path))
            failures = tuple(message for line in lines[1:] for message in line["failures"])
            last = lines[-1] if len(lines) > 1 else {}
            return Progress(**{**last, "failures": failures})
        except FileNotFoundError:
            message = f"missing, so how far the unfinished output is cannot be told; {ADVICE}"
            raise DataError(message, file=str(self._path)) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"damaged ({error!r}); {ADVICE}", file=str(self._path)) from None

    def open(self, *, resume: bool) -> None:
        """Open it for `append`: from its beginning, or behind its last whole line."""
        if resume:
            length = sum(len(line) for line in self._whole_lines())
            self._stream = self._path.open("rb+", buffering=0)
            self._stream.truncate(length)
            self._stream.seek(length)
        else:
            self._stream = self._path.open("wb", buffering=0)
            self._stream.write(_line(self._run))

    def append(self, progress: Progress) -> None:
        """Add a line, in one write; its failures are those that no earlier line has."""
        if self._stream is None:
            raise ValueError("the journal is not open")
        self._stream.write(_line(asdict(progress)))

    def close(self, *, remove: bool) -> None:
        """Close it, and remove it once the output is whole."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        if remove:
            self._path.unlink(missing_ok=True)

    def _whole_lines(self) -> Iterator[bytes]:
        with self._path.open("rb") as stream:
            yield from (line for line in stream if line.endswith(b"\n"))


class Recorder:
    """Keeps a journal while articles are coded; a context in which the output is open.

    Args:
        journal: The journal.
        output: The unfinished output.
        resume: Go on with it, if there is one.
    """

    def __init__(self, journal: Journal, output: Path, *, resume: bool) -> None:
        self._journal = journal
        self._output = output
        self._hash = ArticleHash()
        self._coding: deque[Article] = deque()
        self._written_at = time.monotonic()
        self.progress = Progress()
        if resume and output.exists():
            self.progress = journal.read()
            if output.stat().st_size < self.progress.bytes:
                raise DataError(f"shorter than its journal tells; {ADVICE}", file=str(output))

    @property
    def resumes(self) -> bool:
        """Whether there is anything to go on with."""
        return self.progress.articles > 0

    def skip(self, articles: Iterator[Article]) -> None:
        """Go past the articles that are done.

        Raises:
            DataError: They are not those that were done.
        """
        for article in itertools.islice(articles, self.progress.articles):
            self._hash.add(article)
        if self._hash.value() != self.progress.digest:
            raise DataError(f"is of other inputs; {ADVICE}", file=str(self._output))

    def watch(self, articles: Iterable[Article]) -> Iterator[Article]:
        """Pass the articles on to the coder."""
        for article in articles:
            self._coding.append(article)
            yield article

    def done(self, flush: Callable[[], int], failure: str | None) -> None:
        """Take note that the next article is done.

        Args:
            flush: Hands the output to the system and tells its length.
            failure: Why the article has no output, if so.
        """
        self._hash.add(self._coding.popleft())
        before = self.progress
        failures = before.failures if failure is None else (*before.failures, failure)
        self.progress = Progress(before.articles + 1, self._hash.value(), flush(), failures)
        if time.monotonic() - self._written_at >= _INTERVAL:
            self._write()

    def __enter__(self) -> Recorder:
        self._journal.open(resume=self.resumes)
        self.progress = replace(self.progress, failures=())
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._write()
        self._journal.close(remove=kind is None)

    def _write(self) -> None:
        self._journal.append(self.progress)
        self.progress = replace(self.progress, failures=())
        self._written_at = time.monotonic()


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record).encode("ascii") + b"\n"
