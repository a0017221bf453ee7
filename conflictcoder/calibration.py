"""Temperatures and thresholds: how scores become probabilities and probabilities decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Calibration:
    """One temperature and, where a head decides by threshold, one threshold a head.

    Attributes:
        spans_temperature: Divides the span head's scores before the softmax (Guo et al., 2017).
        event_types_temperature: The same before the sigmoid of the event-type head.
        arguments_temperature: The same for the argument head.
        realis_temperature: The same before the softmax of the realis head.
        outside_bias: Added to the score of the tag O; below zero more spans are found.
        event_types_threshold: Probability from which a sentence reports a type.
        arguments_threshold: Probability from which a mention fills a role.
    """

    spans_temperature: float = 1.0
    event_types_temperature: float = 1.0
    arguments_temperature: float = 1.0
    realis_temperature: float = 1.0
    outside_bias: float = 0.0
    event_types_threshold: float = 0.5
    arguments_threshold: float = 0.5

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Calibration:
        """Read what `to_dict` wrote.

        Raises:
            TypeError: A key is unknown.
        """
        return cls(**data)

    def to_dict(self) -> dict[str, float]:
        """Plain data for a checkpoint's config."""
        return asdict(self)
