import tracemalloc

import numpy as np
import pytest

from train.metrics import scoring
from train.metrics.scoring import Item, bootstrap_interval, score


def items(*names):
    return {Item(name[0], (name,)) for name in names}


def test_counts_by_hand():
    found = score([(items("a1", "a2", "b1"), items("a1", "b1", "b2")), (items(), items("a9"))])
    assert (found.correct, found.predicted, found.gold) == (2, 3, 4)
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == 0.5
    assert found.f1 == pytest.approx(4 / 7)
    assert {label: row.f1 for label, row in found.by_label.items()} == pytest.approx({"a": 0.5, "b": 2 / 3})
    assert found.macro_f1 == pytest.approx((0.5 + 2 / 3) / 2)


def test_empty_and_perfect():
    assert score([(set(), set())]).f1 == 0.0
    assert score([(items("a"), items("a"))]).f1 == 1.0


def test_interval_covers_the_score_and_needs_two_articles():
    articles = [(items("a"), items("a", "b")), (items("c", "d"), items("c")), (items("e"), items("e"))]
    found = score(articles)
    low, high = found.interval
    assert 0 < low < found.f1 < high <= 1
    assert score(articles).interval == (low, high)
    assert score(articles[:1]).interval is None


def test_interval_is_not_drawn_unasked():
    articles = [(items("a"), items("a", "b")), (items("c"), items("c"))]
    assert score(articles, interval=False).interval is None
    assert score(articles, interval=False).f1 == score(articles).f1


@pytest.fixture
def counts():
    """Correct, predicted and gold items of 3001 articles."""
    random = np.random.default_rng(0)
    correct = random.integers(3, size=3001)
    return np.stack([correct, correct + random.integers(3, size=3001), correct + 1], axis=1)


@pytest.mark.parametrize("at_once", [1, 3001 * 7, 10**9])
def test_interval_is_that_of_one_large_draw(counts, at_once, monkeypatch):
    monkeypatch.setattr(scoring, "_DRAWS_AT_ONCE", at_once)
    draws = np.random.default_rng(20_231_027).integers(3001, size=(1000, 3001))
    correct, predicted, gold = counts[draws].sum(axis=1).T
    expected = np.percentile(2 * correct / (predicted + gold), [2.5, 97.5])
    assert bootstrap_interval(counts) == tuple(expected)


def test_memory_of_the_bootstrap_is_bounded(counts):
    many = np.tile(counts, (10, 1))
    tracemalloc.start()
    try:
        bootstrap_interval(many)
        assert tracemalloc.get_traced_memory()[1] < 100e6  # 960 MB if drawn at once
    finally:
        tracemalloc.stop()
