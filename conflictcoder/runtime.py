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
