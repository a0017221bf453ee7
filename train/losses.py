"""The losses of the heads, as plain functions of scores and labels.

Labels of -100 are ignored. A loss without any label is zero and keeps the graph connected, so that
data with few layers trains a model with many.
"""

from __future__ import annotations

import torch
from torch.nn import functional

IGNORED = -100


def span_loss(scores: torch.Tensor, tags: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the tags.

    Args:
        scores: float of shape (batch, tokens, tags).
        tags: int64 of shape (batch, tokens).

    Returns:
        The mean over the labelled tokens.
    """
    return _cross_entropy(scores, tags)


def fold_unknown_types(scores: torch.Tensor, unknown: torch.Tensor) -> torch.Tensor:
    """Count the tags of types that were not annotated as the tag O.

    Where only some types are annotated, a word outside their spans may be in a span of another type.
    The probability of its label O is then that of O or any tag of the other types, as in learning
    from partial annotation (Tsuboi et al., 2008).

    Args:
        scores: float of shape (batch, tokens, tags).
        unknown: bool of shape (batch, span types): the type was not annotated in this row.

    Returns:
        Scores of the same shape, in which O has the sum and the unknown tags have nothing.
    """
    tags = functional.pad(unknown.repeat_interleave(2, dim=1), (1, 0)).unsqueeze(1)  # O, B-, I-, B-, …
    scores = scores.float()
    others = scores.masked_fill(~tags, -torch.inf)[..., 1:]
    outside = torch.logsumexp(torch.cat([scores[..., :1], others], dim=-1), dim=-1, keepdim=True)
    return torch.cat([outside, scores.masked_fill(tags, -torch.inf)[..., 1:]], dim=-1)


def event_type_loss(scores: torch.Tensor, types: torch.Tensor, *, exclusive: bool) -> torch.Tensor:
    """Loss of the sentences' event types.

    Args:
        scores: float of shape (batch, sentences, types).
        types: float of shape (batch, sentences, types): 1, 0 or -100; for exclusive types a sentence
            has either no -100 or nothing else.
        exclusive: Whether a sentence has exactly one type: cross-entropy instead of binary
            cross-entropy.

    Returns:
        The sum over the labelled types, as a mean over the sentences that have any.
    """
    known = types != IGNORED
    labelled = known.any(dim=-1)
    if exclusive:
        return _cross_entropy(scores, types.argmax(dim=-1).masked_fill(~labelled, IGNORED))
    losses = functional.binary_cross_entropy_with_logits(
        scores.float(), types.clamp(min=0).float(), reduction="none"
    )
    return mean_of_known((losses * known).sum(dim=-1), labelled)


def argument_loss(scores: torch.Tensor, roles: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy of the roles of trigger-mention pairs.

    Args:
        scores: float of shape (batch, pairs, roles).
        roles: int64 of shape (batch, pairs, roles): 1, 0 or -100.

    Returns:
        The sum over the roles, as a mean over the labelled pairs.
    """
    losses = functional.binary_cross_entropy_with_logits(
        scores.float(), roles.clamp(min=0).float(), reduction="none"
    )
    return mean_of_known(losses.sum(dim=-1), roles[..., 0] != IGNORED)


def realis_loss(scores: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the triggers' realis.

    Args:
        scores: float of shape (batch, triggers, values).
        values: int64 of shape (batch, triggers).

    Returns:
        The mean over the labelled triggers.
    """
    return _cross_entropy(scores, values)


def pool_spans(states: torch.Tensor, spans: torch.Tensor) -> torch.Tensor:
    """Mean state of each span's tokens.

    Args:
        states: float of shape (batch, tokens, size).
        spans: int64 of shape (batch, spans, 2): first token and one past the last; -100 in padding.

    Returns:
        float of shape (batch, spans, size); zero for padding.
    """
    positions = torch.arange(states.shape[1], device=states.device)
    inside = (positions >= spans[..., :1]) & (positions < spans[..., 1:2])
    weights = inside / inside.sum(dim=-1, keepdim=True).clamp(min=1)
    return weights.to(states.dtype) @ states


def score_pairs(triggers: torch.Tensor, mentions: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
    """Score trigger-mention pairs in every role.

    Args:
        triggers: float of shape (batch, triggers, roles, size), pooled.
        mentions: float of shape (batch, mentions, size), pooled.
        pairs: int64 of shape (batch, pairs, 2): number of the trigger and of the mention.

    Returns:
        float of shape (batch, pairs, roles).
    """
    rows = torch.arange(len(pairs), device=pairs.device).unsqueeze(1)
    chosen = pairs.clamp(min=0)
    return (triggers[rows, chosen[..., 0]] * mentions[rows, chosen[..., 1]].unsqueeze(2)).sum(dim=-1)


def _cross_entropy(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    losses = functional.cross_entropy(
        scores.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="none"
    )
    return mean_of_known(losses, labels.flatten() != IGNORED)


def mean_of_known(losses: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Mean of the losses whose label is known; zero where none is.

    Args:
        losses: float of any shape.
        known: bool of the same shape.
    """
    return (losses * known).sum() / known.sum().clamp(min=1)
