"""Pads training windows into batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

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
        multiple: Rows are padded to a multiple of it: kernels are chosen, and on a CPU compiled, for
            each length anew.
    """

    labels: LabelSpace
    pad_token_id: int
    longest: int
    multiple: int = 32

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Pad rows.

        Returns:
            `input_ids` and `attention_mask`, int64 of shape (batch, tokens); `sentence_mask`, bool
            of shape (batch, sentences, tokens); `labels`: `spans` (batch, tokens), `unknown_types`,
            bool (batch, span types), `event_types` (batch, sentences, types), `triggers` (batch,
            triggers, 3) with start, end and realis, `mentions` (batch, mentions, 2), `pairs` (batch,
            pairs, 2 + roles), `window` (batch, 1).
        """
        tokens = max(len(row["input_ids"]) for row in rows)
        tokens = min(-(-tokens // self.multiple) * self.multiple, max(self.longest, tokens))
        sentences = max(len(row["pieces"]) for row in rows)
        sentence_mask = torch.zeros(len(rows), sentences, tokens, dtype=torch.bool)
        for number, row in enumerate(rows):
            for piece, (start, stop) in enumerate(row["pieces"]):
                sentence_mask[number, piece, start:stop] = True
        ontology = self.labels.ontology
        return {
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


def _pad(rows: Sequence[Sequence[int]], value: int, length: int) -> torch.Tensor:
    return torch.tensor([[*row, *[value] * (length - len(row))] for row in rows])


def _pad_rows(rows: Sequence[Sequence[Sequence[float]]], width: int, *, length: int = 0) -> torch.Tensor:
    length = max([length, 1, *(len(row) for row in rows)])
    padded = torch.full((len(rows), length, width), IGNORED)
    for number, row in enumerate(rows):
        if row:
            padded[number, : len(row)] = torch.tensor(row)
    return padded
