"""Averages the weights over the steps of a run."""

from __future__ import annotations

from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


class WeightAveraging(TrainerCallback):
    """Evaluates and saves an exponential moving average of the weights instead of the last ones.

    The first steps count for less than `decay` says, so that the start is soon forgotten. A resumed
    run goes on from the averaged weights.

    Args:
        decay: Share of the average that a step keeps.
    """

    def __init__(self, decay: float) -> None:
        self._decay = decay
        self._average: dict[str, torch.Tensor] = {}
        self._trained: dict[str, torch.Tensor] = {}

    @torch.no_grad()
    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: torch.nn.Module,
        **kwargs: Any,  # noqa: ANN401 - what Trainer hands over
    ) -> None:
        """Update the average; put it into the model where an evaluation or a checkpoint follows."""
        step = state.global_step
        decay = min(self._decay, step / (step + 10))
        for name, weights in model.named_parameters():
            average = self._average.setdefault(name, weights.detach().clone())
            average.lerp_(weights, 1 - decay)
        if control.should_evaluate or control.should_save:
            self._trained = {name: weights.detach().clone() for name, weights in model.named_parameters()}
            _set(model, self._average)

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: torch.nn.Module,
        **kwargs: Any,  # noqa: ANN401 - what Trainer hands over
    ) -> None:
        """Go on with the trained weights unless a checkpoint follows."""
        if not control.should_save:
            self._restore(model)

    def on_save(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: torch.nn.Module,
        **kwargs: Any,  # noqa: ANN401 - what Trainer hands over
    ) -> None:
        """Go on with the trained weights."""
        self._restore(model)

    def _restore(self, model: torch.nn.Module) -> None:
        _set(model, self._trained)
        self._trained = {}


@torch.no_grad()
def _set(model: torch.nn.Module, values: dict[str, torch.Tensor]) -> None:
    for name, weights in model.named_parameters():
        if name in values:
            weights.copy_(values[name])
