"""What a runtime is: something that runs windows through a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from conflictcoder.decoding import Outputs
from conflictcoder.windows import Window


class Runtime(Protocol):
    """Runs windows; implemented by `OnnxRuntime` and `TorchRuntime`."""

    @property
    def batch_articles(self) -> int:
        """How many articles are worth handing over together."""
        ...

    def run(self, windows: Sequence[Window]) -> list[Outputs]:
        """Run windows and return each one's outputs, without batch axis, in their order."""
        ...


def expect_threads(name: str, value: object) -> None:
    """Check that a value is a number of threads.

    Raises:
        TypeError: It is no int.
        ValueError: It is less than one.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be int, got {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
