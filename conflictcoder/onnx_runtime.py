"""Runs an exported bundle with onnxruntime."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from conflictcoder.decoding import Outputs
from conflictcoder.errors import CheckpointError
from conflictcoder.labels import LabelSpace
from conflictcoder.runtime import expect_threads
from conflictcoder.windows import Window

_ERRORS_ONLY = 3
# The fused operator takes fifteen times as long as the two that it replaces (onnxruntime 1.31, x86).
_SLOWER = ["SkipLayerNormFusion"]


class OnnxRuntime:
    """An onnxruntime session on the CPU.

    One window at a time: nothing is padded, and dynamic quantisation, whose scale depends on all
    that is in the batch, gives the same answer whatever else is being coded. Calls from several
    threads run side by side.

    Args:
        model: The graph.
        labels: What its outputs must fit.
        threads: Threads for one window.

    Raises:
        TypeError: `threads` is no int.
        ValueError: `threads` is less than one.
        CheckpointError: The graph cannot be loaded or does not fit the labels.
    """

    batch_articles = 1

    def __init__(self, model: Path, labels: LabelSpace, *, threads: int = 1) -> None:
        expect_threads("threads", threads)
        self._model = model
        self._threads = threads
        self._process = os.getpid()
        self._session = _open_session(model, threads)
        self._inherited: list[onnxruntime.InferenceSession] = []
        self._inputs = {item.name for item in self._session.get_inputs()}
        self._names = [output.name for output in self._session.get_outputs()]
        self._check_labels(model, labels)

    def _check_labels(self, model: Path, labels: LabelSpace) -> None:
        expected = labels.output_sizes()
        if "arguments" in expected:
            expected["triggers"] = expected.pop("arguments")
        found = {}
        for output in self._session.get_outputs():
            if output.name != "mentions":
                # The roles are the last axis but one, because a score needs the projections.
                found[output.name] = output.shape[-2 if output.name == "triggers" else -1]
        if found != expected:
            raise CheckpointError(
                f"{model}: the graph's outputs {found} do not fit the ontology of config.json, "
                f"which needs {expected}; export the checkpoint again"
            )

    def run(self, windows: Sequence[Window]) -> list[Outputs]:
        """Run windows one by one."""
        if self._threads > 1 and self._process != os.getpid():
            # A forked process has the session without its threads, and would wait for them forever,
            # even to destroy it.
            self._inherited.append(self._session)
            self._session, self._process = _open_session(self._model, self._threads), os.getpid()
        return [self._run_one(window) for window in windows]

    def _run_one(self, window: Window) -> Outputs:
        arrays = self._session.run(self._names, feed(window, self._inputs))
        return {name: array[0] for name, array in zip(self._names, arrays, strict=True)}


def feed(window: Window, inputs: Collection[str]) -> dict[str, NDArray[Any]]:
    """A window as a batch of one.

    Args:
        window: The window.
        inputs: Names of the graph's inputs; what it has no input for is left out.

    Returns:
        `input_ids` and `attention_mask`, int64 of shape (1, tokens), and `sentence_mask`, bool of shape
        (1, pieces, tokens).
    """
    arrays = {
        "input_ids": window.input_ids[None],
        "attention_mask": np.ones((1, len(window.input_ids)), dtype=np.int64),
        "sentence_mask": window.sentence_mask()[None],
    }
    return {name: array for name, array in arrays.items() if name in inputs}


def _open_session(model: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    try:
        return onnxruntime.InferenceSession(
            model,
            sess_options=options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=_SLOWER,
        )
    except Exception as error:  # onnxruntime raises its own family of errors, without a public base
        raise CheckpointError(f"{model}: onnxruntime cannot load it ({error}); export it again") from None
