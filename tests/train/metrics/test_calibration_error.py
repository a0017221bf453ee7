import pytest

from train.metrics.calibration_error import expected_calibration_error, reliability_bins


def test_error_by_hand():
    """Two bins: 0.2 and 0.4 of which none is right, 0.6 and 0.8 and 0.7 of which two are."""
    bins = reliability_bins([0.2, 0.4, 0.6, 0.8, 0.7], [False, False, True, True, False], bins=2)
    assert [tuple(entry) for entry in bins] == [
        (pytest.approx(0.3), 0.0, 2),
        (pytest.approx(0.7), pytest.approx(2 / 3), 3),
    ]
    # 2/5 of the items are off by 0.3, and 3/5 by 0.7 - 2/3.
    assert expected_calibration_error(bins) == pytest.approx(0.4 * 0.3 + 0.6 * (0.7 - 2 / 3))


def test_perfect_and_worst():
    assert expected_calibration_error(reliability_bins([1.0, 0.0], [True, False])) == 0.0
    assert expected_calibration_error(reliability_bins([1.0, 0.0], [False, True])) == 1.0
    assert expected_calibration_error(reliability_bins([], [])) == 0.0


def test_borders_and_ends_have_a_bin():
    bins = reliability_bins([0.0, 0.5, 0.500001, 1.0], [True] * 4, bins=2)
    assert [entry.items for entry in bins] == [2, 2]
    assert len(reliability_bins([0.01, 0.99], [True, True])) == 2  # the empty ones are left out


@pytest.mark.parametrize(
    ("confidences", "correct"), [([0.5], []), ([1.2], [True]), ([-0.1], [True]), ([float("nan")], [True])]
)
def test_what_is_no_probability_is_refused(confidences, correct):
    with pytest.raises(ValueError, match="expected"):
        reliability_bins(confidences, correct)
