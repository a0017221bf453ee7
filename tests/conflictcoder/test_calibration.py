import math

import pytest

from conflictcoder import CheckpointError
from conflictcoder.calibration import OPERATING_POINTS, Calibration, OperatingPoint

FITTED = Calibration(
    outside_bias=0.5,
    triggers_outside_bias=-0.5,
    spans_temperature=1.5,
    operating_points={
        "precision": OperatingPoint(1.5, 0.25, 0.7, 0.8),
        "recall": OperatingPoint(-1.0, -2.0, 0.2, 0.3),
    },
)


def test_stored_shape_round_trips():
    data = FITTED.to_dict()
    assert data["outside_bias"] == 0.5
    assert data["operating_points"]["recall"]["event_types_threshold"] == 0.2
    assert Calibration.from_dict(data) == FITTED


def test_flat_shape_of_schema_version_1():
    flat = {"spans_temperature": 1.0, "outside_bias": 0.25, "arguments_threshold": 0.525}
    old = Calibration.from_dict(flat)
    assert (old.outside_bias, old.arguments_threshold, old.triggers_outside_bias) == (0.25, 0.525, None)
    assert old.at("balanced") is old
    with pytest.raises(CheckpointError, match="no operating point 'recall', only balanced"):
        old.at("recall")


def test_a_point_changes_what_decides_and_no_temperature():
    strict = FITTED.at("precision")
    decided = (strict.outside_bias, strict.triggers_outside_bias, strict.event_types_threshold)
    assert decided == (1.5, 0.25, 0.7)
    assert (strict.arguments_threshold, strict.spans_temperature) == (0.8, 1.5)
    assert FITTED.without_temperatures().spans_temperature == 1.0
    assert FITTED.without_temperatures().outside_bias == 0.5


@pytest.mark.parametrize("name", ["", "Precision", "f1"])
def test_unknown_point_lists_the_three(name):
    with pytest.raises(ValueError, match="'precision', 'balanced', 'recall'"):
        FITTED.at(name)
    assert name not in OPERATING_POINTS


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"nonsense": 1.0}, TypeError),
        ({"spans_temperature": "1"}, TypeError),
        ({"spans_temperature": True}, TypeError),
        ({"outside_bias": None}, TypeError),
        ({"realis_temperature": 0.0}, ValueError),
        ({"arguments_temperature": math.nan}, ValueError),
        ({"joint_arguments": 1}, TypeError),
        ({"outside_bias": math.inf}, ValueError),
        ({"arguments_threshold": 1.5}, ValueError),
        ({"operating_points": []}, TypeError),
        ({"operating_points": {"precision": 3}}, TypeError),
        ({"operating_points": {"precision": {"event_types_threshold": -1}}}, ValueError),
        ({"operating_points": {"balanced": {}}}, ValueError),
    ],
)
def test_malformed_calibration_is_refused(changes, error):
    with pytest.raises(error):
        Calibration.from_dict(changes)
