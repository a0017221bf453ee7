import json

import numpy as np
import pytest

from train.metrics.curves import TOLD_THRESHOLDS, Candidates, precision_recall_curve
from train.metrics.scoring import Item, LabelScore


def curve(scores, correct, gold):
    return precision_recall_curve(np.array(scores, dtype=float), np.array(correct, dtype=bool), gold)


def test_curve_by_hand():
    """Ranked: right, wrong, right; and of four gold items two are no candidates."""
    found = curve([0.4, 0.9, 0.7], [True, True, False], 4)
    assert found.thresholds.tolist() == [0.9, 0.7, 0.4]
    assert found.precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3])
    assert found.recall.tolist() == [0.25, 0.25, 0.5]
    assert found.average_precision == pytest.approx(0.25 * 1 + 0.25 * 2 / 3)


def test_candidates_of_one_score_come_together():
    found = curve([0.5, 0.5, 0.5, 0.2], [True, False, False, True], 2)
    assert found.thresholds.tolist() == [0.5, 0.2]
    assert found.precision.tolist() == pytest.approx([1 / 3, 1 / 2])


def test_at_a_threshold():
    found = curve([0.9, 0.7], [True, False], 1)
    assert found.at(0.95) == (None, 0.0)
    assert found.at(0.9) == (1.0, 1.0)
    assert found.at(0.1) == (0.5, 1.0)
    assert curve([], [], 3).at(0.5) == (None, 0.0)
    assert curve([], [], 3).average_precision == 0.0


def test_candidates_by_label():
    candidates = Candidates()
    gold = {Item("A", (0,)), Item("B", (1,))}
    candidates.add({Item("A", (0,)): 0.8, Item("A", (1,)): 0.6, Item("C", (0,)): 0.3}, gold)
    candidates.add({}, {Item("A", (5,))})
    assert candidates.counts(0.5) == LabelScore(correct=1, predicted=2, gold=3)
    assert candidates.counts(0.0) == LabelScore(correct=1, predicted=3, gold=3)
    curves = candidates.curves()
    assert {label: found.gold for label, found in curves.items()} == {"A": 2, "B": 1}
    assert curves["A"].recall.tolist() == [0.5, 0.5]
    data = json.loads(json.dumps(curves["A"].to_dict()))
    assert len(data["precision"]) == len(data["recall"]) == len(TOLD_THRESHOLDS)
    assert data["precision"][TOLD_THRESHOLDS.index(0.7)] == 1.0
    assert data["precision"][-1] is None


def test_f_beta_by_hand():
    """Precision 1/2 and recall 1/4."""
    counts = LabelScore(correct=1, predicted=2, gold=4)
    assert counts.f_beta(1.0) == pytest.approx(counts.f1) == pytest.approx(1 / 3)
    assert counts.f_beta(0.5) == pytest.approx(1.25 * 0.125 / (0.25 * 0.5 + 0.25))
    assert counts.f_beta(2.0) == pytest.approx(5 * 0.125 / (4 * 0.5 + 0.25))
    assert LabelScore(0, 0, 0).f_beta(2.0) == 0.0
