"""Opens files that may be compressed, and reads their lines without ever holding a whole file."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any, cast

from conflictcoder.errors import DataError

COMPRESSIONS = (".gz", ".zst")

MAX_BYTES = 1 << 26  # of one article or line; no article is longer, and memory stays bounded


class Source:
    """A file being read, decompressed on the way.

    Args:
        path: The file; `.gz` and `.zst` are decompressed.
        raw: The opened file.

    Raises:
        DataError: The library that decompresses it is not installed.
    """

    def __init__(self, path: Path, raw: IO[bytes]) -> None:
        self._path = path
        self._raw = raw
        self._damage: tuple[type[Exception], ...] = (EOFError, zlib.error, gzip.BadGzipFile)
        self._stream: IO[bytes] = raw
        if path.suffix.lower() == ".gz":
            self._stream = cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
        elif path.suffix.lower() == ".zst":
            zstd = require_zstd(path)
            self._stream = zstd.ZstdFile(raw)
            self._damage += (zstd.ZstdError,)

    @property
    def position(self) -> int:
        """Bytes of the file itself, compressed or not, that were read so far; 0 if it is a pipe."""
        return self._raw.tell() if self._raw.seekable() else 0

    def read(self, limit: int = MAX_BYTES) -> bytes:
        """Read the rest, or as much of it as `limit` bytes.

        Raises:
            DataError: The compressed data are damaged or end too early.
        """
        with self._telling_damage("it was not coded"):
            return self._stream.read(limit)

    def lines(self) -> Iterator[tuple[int, bytes | None]]:
        """Read line by line.

        Yields:
            Number and content, with its line feed; None for a line of more than `MAX_BYTES`.

        Raises:
            DataError: The compressed data are damaged or end too early.
        """
        number = 0
        with self._telling_damage("what could be read was taken"):
            while line := self._stream.readline(MAX_BYTES):
                number += 1
                whole = line.endswith(b"\n") or len(line) < MAX_BYTES
                yield number, line if whole else None
                while not whole:
                    rest = self._stream.readline(MAX_BYTES)
                    whole = rest.endswith(b"\n") or len(rest) < MAX_BYTES

    @contextmanager
    def _telling_damage(self, outcome: str) -> Iterator[None]:
        try:
            yield
        except self._damage as error:
            message = f"damaged or cut off ({error}); {outcome}; get the file again"
            raise DataError(message, file=str(self._path)) from None


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a file for reading.

    Raises:
        DataError: The library that decompresses it is not installed.
        OSError: The file cannot be read.
    """
    with path.open("rb") as raw:
        yield Source(path, raw)


def require_zstd(path: Path) -> Any:  # noqa: ANN401 - one of two modules with the same content
    """Import the module that decompresses `.zst`.

    Args:
        path: The file that needs it, for the message.

    Raises:
        DataError: It is not installed.
    """
    # Part of the standard library since Python 3.14 (PEP 784).
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name)
        except ImportError:
            continue
    message = "reading .zst needs `pip install conflictcoder[zstd]`; or decompress the file"
    raise DataError(message, file=str(path))
