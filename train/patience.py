"""Keeps a run alive while it scores nothing yet."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


class ForgetZero(TrainerCallback):
    """Takes a best score of 0 for none, so that patience begins, and a best checkpoint is kept, above it.

    At first a model often finds nothing at all. It stands before `EarlyStoppingCallback`, and `Trainer`
    compares scores later still.
    """

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: Any,  # noqa: ANN401 - what Trainer hands over
    ) -> None:
        """Forget it before anything is compared with it."""
        if state.best_metric == 0:
            state.best_metric = None
