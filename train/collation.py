"""Pads training windows into batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from conflictcoder.labels import LabelSpace
from train.losses import IGNORED


@dataclass(frozen=True)
class WindowCollator:
    """Makes a batch of the rows of `training_rows`.

    Labels come in one mapping, because `Trainer` hands `labels` to the loss as they are. In all of
    them only the second axis varies, which is the one that `Trainer` pads across processes.

    Attributes:
        labels: What the model predicts.
        pad_token_id: Id that fills the rows.
        longest: Most tokens that the model reads.
        multiple: Rows are padded to a multiple of it (`train.precision.padding_multiple`).
        targets: What teachers say of the windows (`train.distillation.teach`), by the rows' `target`.
    """

    labels: LabelSpace
    pad_token_id: int
    longest: int
    multiple: int = 8
    targets: Sequence[Mapping[str, NDArray[np.float32]]] = ()

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Pad rows.

        Returns:
            `input_ids` and `attention_mask`, int64 of shape (batch, tokens); `sentence_mask`, bool
            of shape (batch, sentences, tokens); `labels`: `spans` (batch, tokens), `unknown_types`,
            bool (batch, span types), `event_types` (batch, sentences, types), `triggers` (batch,
            triggers, 3) with start, end and realis, `mentions` (batch, mentions, 2), `pairs` (batch,
            pairs, 2 + roles), `window` (batch, 1); and with targets `teacher_spans` (batch, tokens,
            tags) and so on, float32.
        """
        tokens = max(len(row["input_ids"]) for row in rows)
        tokens = min(-(-tokens // self.multiple) * self.multiple, max(self.longest, tokens))
        sentences = max(len(row["pieces"]) for row in rows)
        sentence_mask = torch.zeros(len(rows), sentences, tokens, dtype=torch.bool)
        for number, row in enumerate(rows):
            for piece, (start, stop) in enumerate(row["pieces"]):
                sentence_mask[number, piece, start:stop] = True
        ontology = self.labels.ontology
        batch = {
            "input_ids": _pad([row["input_ids"] for row in rows], self.pad_token_id, tokens),
            "attention_mask": _pad([[1] * len(row["input_ids"]) for row in rows], 0, tokens),
            "sentence_mask": sentence_mask,
            "labels": {
                "spans": _pad([row["spans"] for row in rows], IGNORED, tokens),
                "unknown_types": torch.tensor([row["unknown_types"] for row in rows], dtype=torch.bool),
                "event_types": _pad_rows(
                    [row["event_types"] for row in rows], len(ontology.event_types), length=sentences
                ).float(),
                "triggers": _pad_rows([row["triggers"] for row in rows], 3),
                "mentions": _pad_rows([row["mentions"] for row in rows], 2),
                "pairs": _pad_rows([row["pairs"] for row in rows], 2 + len(ontology.roles)),
                "window": torch.tensor([[row["window"]] for row in rows]),
            },
        }
        if self.targets and all("target" in row for row in rows):
            targets = [self.targets[row["target"]] for row in rows]
            lengths = {"spans": tokens, "event_types": sentences}
            for name in targets[0]:
                arrays = [target[name] for target in targets]
                batch["labels"][f"teacher_{name}"] = _pad_arrays(arrays, lengths.get(name, 1))
        return batch


def _pad(rows: Sequence[Sequence[int]], value: int, length: int) -> torch.Tensor:
    return torch.tensor([[*row, *[value] * (length - len(row))] for row in rows])


def _pad_rows(rows: Sequence[Sequence[Sequence[float]]], width: int, *, length: int = 0) -> torch.Tensor:
    length = max([length, 1, *(len(row) for row in rows)])
    padded = torch.full((len(rows), length, width), IGNORED)
    for number, row in enumerate(rows):
        if row:
            padded[number, : len(row)] = torch.tensor(row)
    return padded


def _pad_arrays(arrays: Sequence[NDArray[np.float32]], length: int) -> torch.Tensor:
    length = max(length, *(len(array) for array in arrays))
    padded = np.zeros((len(arrays), length, *arrays[0].shape[1:]), dtype=np.float32)
    for number, array in enumerate(arrays):
        padded[number, : len(array)] = array
    return torch.from_numpy(padded)
