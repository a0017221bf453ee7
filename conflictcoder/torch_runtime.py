"""Runs a training checkpoint with torch, on a CPU or a GPU. Needs the extra `torch`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError

from conflictcoder.bundle import CONFIG, BundleConfig
from conflictcoder.decoding import Outputs
from conflictcoder.errors import CheckpointError
from conflictcoder.modeling import JointModel
from conflictcoder.windows import Window

_GPU_BATCH_TOKENS = 16_384
_GPU_BATCH_ARTICLES = 64


class TorchRuntime:
    """A joint model on a device.

    On a CPU windows run one at a time, as in `OnnxRuntime`. On a GPU windows of like length run
    together, within a budget of tokens.

    Args:
        model: The model; it is moved to the device and set to evaluation.
        device: A torch device.

    Raises:
        CheckpointError: The device is not there.
    """

    def __init__(self, model: JointModel, *, device: str = "cpu") -> None:
        self._device = _find_device(device)
        self._model = model.to(self._device).eval()
        self._gpu = self._device.type != "cpu"
        self._process = os.getpid()

    @classmethod
    def load(cls, checkpoint: Path, *, device: str = "cpu") -> TorchRuntime:
        """Load the model of a training checkpoint."""
        return cls(load_model(checkpoint), device=device)

    @property
    def batch_articles(self) -> int:
        """Many articles fill a GPU; a CPU takes one at a time."""
        return _GPU_BATCH_ARTICLES if self._gpu else 1

    def run(self, windows: Sequence[Window]) -> list[Outputs]:
        """Run windows; the answers come in the order of the windows.

        Raises:
            CheckpointError: The process was forked after the model was loaded.
        """
        if self._process != os.getpid():
            # torch's threads and a GPU's state do not outlive a fork: a run would hang or fail.
            raise CheckpointError(
                "this model was loaded by torch before the process was forked; load it in the new process, "
                "or start processes by 'spawn'"
            )
        outputs: list[Outputs] = [{} for _ in windows]
        for batch in self._batches(windows):
            for number, arrays in zip(batch, self._run_batch([windows[i] for i in batch]), strict=True):
                outputs[number] = arrays
        return outputs

    def _batches(self, windows: Sequence[Window]) -> list[list[int]]:
        if not self._gpu:
            return [[number] for number in range(len(windows))]
        batches: list[list[int]] = []
        for number in sorted(range(len(windows)), key=lambda i: -len(windows[i].input_ids)):
            # Longest first, so that the first of a batch tells what each of its rows costs.
            longest = len(windows[batches[-1][0]].input_ids) if batches else 0
            if batches and longest * (len(batches[-1]) + 1) <= _GPU_BATCH_TOKENS:
                batches[-1].append(number)
            else:
                batches.append([number])
        return batches

    def _run_batch(self, windows: Sequence[Window]) -> list[Outputs]:
        length = max(len(window.input_ids) for window in windows)
        pieces = max(len(window.pieces) for window in windows)
        input_ids = np.full((len(windows), length), self._model.config.encoder.get("pad_token_id") or 0)
        attention = np.zeros((len(windows), length), dtype=np.int64)
        sentences = np.zeros((len(windows), pieces, length), dtype=np.bool_)
        for row, window in enumerate(windows):
            used = len(window.input_ids)
            input_ids[row, :used] = window.input_ids
            attention[row, :used] = 1
            sentences[row, : len(window.pieces), :used] = window.sentence_mask()
        tensors = [torch.from_numpy(array).to(self._device) for array in (input_ids, attention, sentences)]
        with torch.inference_mode():
            output = self._model(*tensors)
        arrays = {name: value.float().cpu().numpy() for name, value in output.items()}
        return [
            {
                name: array[row, : len(window.pieces) if name == "event_types" else len(window.input_ids)]
                for name, array in arrays.items()
            }
            for row, window in enumerate(windows)
        ]


def _find_device(name: str) -> torch.device:
    """The device of a name.

    Raises:
        CheckpointError: It is not there.
    """
    gpu = torch.accelerator.current_accelerator()
    gpus = [f"{gpu.type}:{number}" for number in range(torch.accelerator.device_count())] if gpu else []
    with suppress(RuntimeError):  # of a type that torch does not know
        device = torch.device(name)
        if device.type == "cpu" or f"{device.type}:{device.index or 0}" in gpus:
            return device
    there = " or ".join(["cpu", *gpus])
    raise CheckpointError(f"device {name!r}: torch {torch.__version__} has no such device here; use {there}")


def load_model(checkpoint: Path) -> JointModel:
    """Load a training checkpoint, from safetensors alone.

    Raises:
        CheckpointError: It is damaged, or its weights are not those of its config.
    """
    model: JointModel
    try:
        model, report = JointModel.from_pretrained(
            checkpoint, use_safetensors=True, local_files_only=True, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError, TypeError, KeyError, SafetensorError) as error:
        raise CheckpointError(f"{checkpoint}: not a readable checkpoint ({error}); train it again") from error
    if report["missing_keys"] or report["unexpected_keys"]:
        raise CheckpointError(f"{checkpoint}: the weights do not fit config.json; train it again")
    return model


def read_bundle_config(model: JointModel, checkpoint: Path, provenance: Mapping[str, Any]) -> BundleConfig:
    """What a bundle of a model has beside the graph.

    Args:
        model: The model.
        checkpoint: Where it was loaded from.
        provenance: Where it comes from.

    Raises:
        CheckpointError: The model's config is malformed.
    """
    config = model.config
    try:
        return BundleConfig(
            labels=config.label_space(),
            calibration=config.read_calibration(),
            max_tokens=config.max_tokens,
            max_sentences=config.max_sentences,
            provenance=provenance,
        )
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{checkpoint / CONFIG}: malformed ({error}); train it again") from None
