import pytest

from train.metrics.scoring import Item, score


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
