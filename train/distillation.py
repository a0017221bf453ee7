"""Learning from trained models: their outputs for the training windows, and the loss against them.

Hinton, Vinyals and Dean (2015), *Distilling the Knowledge in a Neural Network*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from conflictcoder.bundle import is_bundle
from conflictcoder.coder import EventCoder
from conflictcoder.decoding import Outputs
from conflictcoder.labels import LabelSpace
from conflictcoder.modeling import JointOutput
from conflictcoder.windows import WindowEncoder
from train.config import ConfigError, Distillation
from train.features import WindowedDocument, window_documents
from train.joint_loss import JointLoss, score_arguments, score_realis
from train.losses import IGNORED, mean_of_known
from train.precision import computes_in_bf16

Floats = NDArray[np.float32]
Targets = dict[str, Floats]


def teach(
    documents: Sequence[WindowedDocument],
    rows: Sequence[Mapping[str, Any]],
    labels: LabelSpace,
    encoder: WindowEncoder,
    settings: Distillation,
    *,
    device: str,
) -> list[Targets]:
    """Run the teachers on the training windows.

    Args:
        documents: The documents, in the windows of the student.
        rows: Their rows, as `training_rows` makes them.
        labels: What the student predicts.
        encoder: What made the windows.
        settings: Where the teachers are.
        device: Where to run them; bundles run on the CPU.

    Returns:
        The teachers' mean scores for each row: `spans` (tokens, tags), `event_types` (sentences,
        types), `realis` (triggers, values) and `pairs` (pairs, roles), of those heads that the
        student has.

    Raises:
        ConfigError: A teacher predicts other labels, or divides text otherwise than the student.
    """
    totals: list[Targets] = [{} for _ in rows]
    for name in settings.teachers:
        outputs = _outputs(Path(name), documents, labels, encoder, device)
        for total, row, arrays in zip(totals, rows, outputs, strict=True):
            for head, scores in label_scores(arrays, row).items():
                total[head] = total.get(head, np.float32(0)) + scores / len(settings.teachers)
    return totals


def _outputs(
    teacher: Path,
    documents: Sequence[WindowedDocument],
    labels: LabelSpace,
    encoder: WindowEncoder,
    device: str,
) -> Iterator[Outputs]:
    device = "cpu" if is_bundle(teacher) else device
    coder = EventCoder.from_pretrained(teacher, device=device)
    if _numbering(coder.config.labels) != _numbering(labels):
        raise ConfigError(
            f"distillation.teachers: {teacher} predicts other labels or layers than the student; "
            "train it on the same ontology and layers"
        )
    own_encoder = coder.encoder.sized_like(encoder)
    for document in documents:
        (own,) = window_documents([document.gold], own_encoder)
        if [window.pieces for window in own.windows] != [window.pieces for window in document.windows]:
            raise ConfigError(
                f"distillation.teachers: {teacher} divides {document.gold.document.id!r} into other tokens "
                "than the student; teacher and student need tokenizers that split alike"
            )
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=computes_in_bf16()):
            outputs = coder.runtime.run(own.windows)
        yield from outputs


def _numbering(labels: LabelSpace) -> LabelSpace:
    """What numbers the outputs: the labels without what they mean and who may fill them."""
    return replace(labels, ontology=replace(labels.ontology, fillers={}, definitions={}, version=1))


def label_scores(arrays: Outputs, row: Mapping[str, Any]) -> Targets:
    """A window's scores of what its labels name."""
    scores: Targets = {name: arrays[name] for name in ("spans", "event_types") if name in arrays}
    spans = [trigger[:2] for trigger in row["triggers"]]
    if "realis" in arrays:
        scores["realis"] = _pool(arrays["realis"], spans)
    if "triggers" in arrays:
        triggers, mentions = _pool(arrays["triggers"], spans), _pool(arrays["mentions"], row["mentions"])
        pairs = np.array([pair[:2] for pair in row["pairs"]], dtype=np.intp).reshape(-1, 2)
        scores["pairs"] = np.einsum("prs,ps->pr", triggers[pairs[:, 0]], mentions[pairs[:, 1]])
    return scores


def _pool(states: Floats, spans: Sequence[Sequence[int]]) -> Floats:
    """Mean state of each span, float32 of shape (spans, ...)."""
    pooled = [states[start:end].mean(axis=0) for start, end in spans]
    return np.stack(pooled) if pooled else np.zeros((0, *states.shape[1:]), dtype=np.float32)


@dataclass(frozen=True)
class DistillationLoss:
    """The loss against labels and teachers; an object because `Trainer` passes no settings.

    Attributes:
        hard: The loss against the labels; its weights of the heads count for the teachers too.
        settings: Weight of the teachers and temperature.
    """

    hard: JointLoss
    settings: Distillation

    def __call__(
        self,
        outputs: JointOutput,
        labels: Mapping[str, torch.Tensor],
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Weigh both losses; where a batch has no teacher's outputs, the labels count alone.

        Args:
            outputs: The student's outputs.
            labels: What `WindowCollator` made.
            num_items_in_batch: Given by `Trainer` and not used.
        """
        hard = self.hard(outputs, labels, num_items_in_batch)
        if not any(name.startswith("teacher_") for name in labels):
            return hard
        return (1 - self.settings.weight) * hard + self.settings.weight * self._soft(outputs, labels)

    def _soft(self, outputs: JointOutput, labels: Mapping[str, torch.Tensor]) -> torch.Tensor:
        loss = torch.zeros((), device=labels["window"].device)
        weights, temperature = self.hard.weights, self.settings.temperature
        if outputs.spans is not None:
            known = labels["spans"] != IGNORED
            spans = soft_cross_entropy(outputs.spans, labels["teacher_spans"], known, temperature)
            loss = loss + weights.spans * spans
        if outputs.event_types is not None:
            known = (labels["event_types"] != IGNORED).any(dim=-1)
            targets = labels["teacher_event_types"]
            if self.hard.exclusive:
                types = soft_cross_entropy(outputs.event_types, targets, known, temperature)
            else:
                types = soft_binary_cross_entropy(outputs.event_types, targets, known)
            loss = loss + weights.event_types * types
        if outputs.realis is not None:
            known = labels["triggers"][..., 0] != IGNORED
            scores = score_realis(outputs.realis, labels)
            realis = soft_cross_entropy(scores, labels["teacher_realis"], known, temperature)
            loss = loss + weights.realis * realis
        if outputs.triggers is not None and outputs.mentions is not None:
            known = labels["pairs"][..., 0] != IGNORED
            scores = score_arguments(outputs.triggers, outputs.mentions, labels)
            pairs = soft_binary_cross_entropy(scores, labels["teacher_pairs"], known)
            loss = loss + weights.arguments * pairs
        return loss


def soft_cross_entropy(
    scores: torch.Tensor, targets: torch.Tensor, known: torch.Tensor, temperature: float
) -> torch.Tensor:
    """Cross-entropy against the teacher's softened distribution, times the squared temperature.

    Args:
        scores: float of shape (batch, items, labels): the student's.
        targets: The teacher's scores, of the same shape.
        known: bool of shape (batch, items): which items count.
        temperature: Divides both sides' scores.

    Returns:
        The mean over the items that count; the factor keeps its gradients' size whatever the
        temperature.
    """
    expected = (targets / temperature).softmax(dim=-1)
    losses = -(expected * functional.log_softmax(scores.float() / temperature, dim=-1)).sum(dim=-1)
    return mean_of_known(losses * temperature**2, known)


def soft_binary_cross_entropy(
    scores: torch.Tensor, targets: torch.Tensor, known: torch.Tensor
) -> torch.Tensor:
    """Binary cross-entropy against the teacher's probabilities.

    Args:
        scores: float of shape (batch, items, labels): the student's.
        targets: The teacher's scores, of the same shape.
        known: bool of shape (batch, items): which items count.

    Returns:
        The sum over the labels, as a mean over the items that count.
    """
    losses = functional.binary_cross_entropy_with_logits(scores.float(), targets.sigmoid(), reduction="none")
    return mean_of_known(losses.sum(dim=-1), known)
