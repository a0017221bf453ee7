"""Keeps two runs from writing one output at the same time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from conflictcoder.errors import DataError


def lock_path(out: Path) -> Path:
    """Where the lock of an output is."""
    return out.with_name(f"{out.name}.lock")


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold the lock of an output, which the system takes back from a process that dies.

    Where the system or the file system has no locks, nothing is kept out.

    Args:
        out: The file that is going to be written.

    Raises:
        DataError: Another run holds it.
        OSError: Nothing can be written beside the output.
    """
    path = lock_path(out)
    stream = _open_locked(path, out)
    try:
        yield
    finally:
        windows = os.name == "nt"  # which removes no open file
        if not windows:
            path.unlink(missing_ok=True)  # before the lock is given back, or it may be another's by then
        stream.close()
        if windows:
            with suppress(OSError):  # another run has just opened it
                path.unlink(missing_ok=True)


def _open_locked(path: Path, out: Path) -> IO[bytes]:
    while True:
        stream = path.open("ab")
        if not _lock(stream):
            stream.close()
            message = "another run is writing this output; wait until it ends or choose another output"
            raise DataError(message, file=str(out))
        if _is_still_at(path, stream):
            return stream
        stream.close()  # the run that held the lock ended meanwhile, and removed the file


def _lock(stream: IO[bytes]) -> bool:
    """Lock a file, where that is possible; False if another process has locked it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except (ImportError, OSError):
        return True
    return True


def _is_still_at(path: Path, stream: IO[bytes]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(stream.fileno()))
    except FileNotFoundError:
        return False
