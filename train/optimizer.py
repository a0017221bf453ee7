"""AdamW with one learning rate for the heads and one, decaying by layer, for the encoder."""

from __future__ import annotations

import re

import torch

from conflictcoder.modeling import JointModel
from train.config import Training

_LAYER = re.compile(r"\.layers?\.(\d+)\.")


def make_optimizer(model: JointModel, training: Training) -> torch.optim.AdamW:
    """Group the parameters and make the optimizer.

    Biases and normalisation weights are not decayed. With `layer_decay` below 1 each encoder layer
    learns slower than the one above it (Howard and Ruder, 2018).

    Args:
        model: The model.
        training: Learning rates and decay.
    """
    depth = 1 + max(
        (_layer(name) or 0 for name, _ in model.named_parameters() if name.startswith("encoder.")), default=0
    )
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        rate = training.head_learning_rate
        if name.startswith("encoder."):
            layer = _layer(name)
            below = depth - layer - 1 if layer is not None else depth
            rate = training.encoder_learning_rate * training.layer_decay**below
        decay = training.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": parameters, "lr": rate, "weight_decay": decay}
            for (rate, decay), parameters in groups.items()
        ],
        fused=True,  # on a CPU seven times faster than the loop over tensors
    )


def _layer(name: str) -> int | None:
    """Number of the encoder layer that a parameter is in; None for the embeddings."""
    match = _LAYER.search(name)
    return int(match[1]) if match else None
