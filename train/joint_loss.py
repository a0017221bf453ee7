"""The weighted sum of the heads' losses, in the form that `transformers.Trainer` calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from conflictcoder.modeling import JointOutput
from train.config import LossWeights
from train.losses import (
    argument_loss,
    event_type_loss,
    fold_unknown_types,
    pool_spans,
    realis_loss,
    score_pairs,
    span_loss,
)


@dataclass(frozen=True)
class JointLoss:
    """Computes the loss of a batch; an object because `Trainer` passes no settings.

    Attributes:
        weights: Weight of each head.
        exclusive: Whether a sentence has exactly one event type.
    """

    weights: LossWeights
    exclusive: bool

    def __call__(
        self,
        outputs: JointOutput,
        labels: Mapping[str, torch.Tensor],
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Add up the losses of the heads that the model has.

        Args:
            outputs: The model's outputs.
            labels: What `WindowCollator` made.
            num_items_in_batch: Given by `Trainer` and not used: each head counts its own items.
        """
        loss = torch.zeros((), device=labels["window"].device)
        if outputs.spans is not None:
            spans = fold_unknown_types(outputs.spans, labels["unknown_types"])
            loss = loss + self.weights.spans * span_loss(spans, labels["spans"])
        if outputs.event_types is not None:
            types = event_type_loss(outputs.event_types, labels["event_types"], exclusive=self.exclusive)
            loss = loss + self.weights.event_types * types
        if outputs.realis is not None:
            scores = score_realis(outputs.realis, labels)
            loss = loss + self.weights.realis * realis_loss(scores, labels["triggers"][..., 2])
        if outputs.triggers is not None and outputs.mentions is not None:
            scores = score_arguments(outputs.triggers, outputs.mentions, labels)
            loss = loss + self.weights.arguments * argument_loss(scores, labels["pairs"][..., 2:])
        return loss


def score_realis(states: torch.Tensor, labels: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Scores of the labelled triggers.

    Args:
        states: The model's `realis`, float of shape (batch, tokens, values).
        labels: What `WindowCollator` made.

    Returns:
        float of shape (batch, triggers, values).
    """
    return pool_spans(states, labels["triggers"][..., :2])


def score_arguments(
    triggers: torch.Tensor, mentions: torch.Tensor, labels: Mapping[str, torch.Tensor]
) -> torch.Tensor:
    """Scores of the labelled trigger-mention pairs.

    Args:
        triggers: The model's `triggers`, float of shape (batch, tokens, roles, size).
        mentions: The model's `mentions`, float of shape (batch, tokens, size).
        labels: What `WindowCollator` made.

    Returns:
        float of shape (batch, pairs, roles).
    """
    pooled = pool_spans(triggers.flatten(2), labels["triggers"][..., :2]).unflatten(-1, triggers.shape[2:])
    return score_pairs(pooled, pool_spans(mentions, labels["mentions"]), labels["pairs"][..., :2])
