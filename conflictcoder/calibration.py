"""Temperatures and thresholds: how scores become probabilities and probabilities decisions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from conflictcoder.errors import CheckpointError

BALANCED = "balanced"
OPERATING_POINTS = ("precision", BALANCED, "recall")


@dataclass(frozen=True)
class OperatingPoint:
    """What decides, once scores are probabilities.

    Attributes:
        outside_bias: Added to the score of the tag O where a mention is the likeliest span; below
            zero more mentions are found.
        triggers_outside_bias: The same where a trigger is; None if it is `outside_bias`.
        event_types_threshold: Probability from which a sentence reports a type.
        arguments_threshold: Probability from which a mention fills a role.

    Raises:
        TypeError: A value is no number.
        ValueError: A bias is not finite, or a threshold no probability.
    """

    outside_bias: float = 0.0
    triggers_outside_bias: float | None = None
    event_types_threshold: float = 0.5
    arguments_threshold: float = 0.5

    def __post_init__(self) -> None:
        for entry in fields(OperatingPoint):
            value = getattr(self, entry.name)
            if value is None and entry.default is None:
                continue
            _expect_number(entry.name, value)
            if entry.name.endswith("_threshold") and not 0 <= value <= 1:
                raise ValueError(f"{entry.name} must be a probability, got {value}")


@dataclass(frozen=True)
class Calibration(OperatingPoint):
    """One temperature a head, the balanced operating point, and the other ones.

    Its thresholds and biases are the balanced point's, which is all that a checkpoint of schema
    version 1 has; the others lie in `operating_points`.

    Attributes:
        spans_temperature: Divides the span head's scores before the softmax (Guo et al., 2017).
        event_types_temperature: The same before the sigmoid or softmax of the event-type head.
        arguments_temperature: The same before the sigmoid of the argument head.
        realis_temperature: The same before the softmax of the realis head.
        joint_arguments: Whether an argument's probability is that its event and its role are both right, the
            product of the two; else, as before schema version 3, that of the role alone, given the event.
        operating_points: The points `precision` and `recall`, as far as they were fitted.

    Raises:
        TypeError: `joint_arguments` is no bool.
        ValueError: A temperature is not above zero, or an operating point has another name.
    """

    spans_temperature: float = 1.0
    event_types_temperature: float = 1.0
    arguments_temperature: float = 1.0
    realis_temperature: float = 1.0
    joint_arguments: bool = False
    operating_points: Mapping[str, OperatingPoint] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.joint_arguments, bool):
            raise TypeError(f"joint_arguments must be a bool, got {type(self.joint_arguments).__name__}")
        for name in _TEMPERATURES:
            value = getattr(self, name)
            _expect_number(name, value)
            if value <= 0:
                raise ValueError(f"{name} must be above zero, got {value}")
        others = [name for name in OPERATING_POINTS if name != BALANCED]
        if unknown := sorted(set(self.operating_points) - set(others)):
            raise ValueError(f"operating_points: {unknown[0]!r}; expected {' or '.join(others)}")

    def at(self, name: str) -> Calibration:
        """The calibration with the thresholds of an operating point in force.

        Args:
            name: One of `OPERATING_POINTS`.

        Raises:
            TypeError: The name is no str.
            ValueError: No operating point is called so.
            CheckpointError: It was not fitted.
        """
        expect_operating_point(name)
        if name == BALANCED:
            return self
        if name not in self.operating_points:
            known = ", ".join([*self.operating_points, BALANCED])
            raise CheckpointError(
                f"the checkpoint has no operating point {name!r}, only {known}; train or export it again "
                f"with this version, or use {BALANCED!r}"
            )
        return replace(self, **asdict(self.operating_points[name]))

    def without_temperatures(self) -> Calibration:
        """The same decisions on uncalibrated probabilities."""
        plain: dict[str, Any] = dict.fromkeys(_TEMPERATURES, 1.0)
        return replace(self, **plain)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Calibration:
        """Read what `to_dict` wrote, or the flat shape of schema version 1.

        Raises:
            TypeError: A key is unknown or a value of a wrong type.
            ValueError: A value is out of range.
        """
        flat = dict(data)
        points = flat.pop("operating_points", {})
        if not isinstance(points, Mapping):
            raise TypeError(f"operating_points must be an object, got {type(points).__name__}")
        return cls(**flat, operating_points={name: OperatingPoint(**point) for name, point in points.items()})

    def to_dict(self) -> dict[str, Any]:
        """Plain data for a checkpoint's config."""
        return asdict(self)


def expect_operating_point(name: object) -> None:
    """Check the name of an operating point.

    Raises:
        TypeError: It is no str.
        ValueError: No operating point is called so.
    """
    known = ", ".join(repr(point) for point in OPERATING_POINTS)
    if not isinstance(name, str):
        raise TypeError(f"operating_point must be a str, one of {known}; got {type(name).__name__}")
    if name not in OPERATING_POINTS:
        raise ValueError(f"operating_point {name!r}: expected one of {known}")


_TEMPERATURES = tuple(entry.name for entry in fields(Calibration) if entry.name.endswith("_temperature"))


def _expect_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
