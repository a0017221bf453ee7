"""A runtime that remembers what it computed until it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from conflictcoder.decoding import Outputs
from conflictcoder.runtime import Runtime
from conflictcoder.windows import Window

_Key = tuple[bytes, str]


class RecordingRuntime:
    """Runs windows with another runtime and keeps the outputs, so that nothing is computed twice.

    Args:
        runtime: Does the work.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._kept: dict[_Key, Outputs] = {}

    @property
    def batch_articles(self) -> int:
        """What the other runtime wants."""
        return self._runtime.batch_articles

    def run(self, windows: Sequence[Window]) -> list[Outputs]:
        """Run windows and remember their outputs."""
        outputs = self._runtime.run(windows)
        self._kept.update(zip(map(_key, windows), outputs, strict=True))
        return outputs

    def take(self, windows: Sequence[Window]) -> list[Outputs]:
        """The outputs of windows, which are then forgotten; what was not run is run."""
        return [self._kept.pop(_key(window), None) or self._runtime.run([window])[0] for window in windows]


def _key(window: Window) -> _Key:
    return window.input_ids.tobytes(), repr([(piece.start, piece.tokens) for piece in window.pieces])
