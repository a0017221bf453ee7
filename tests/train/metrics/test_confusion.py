from train.metrics.confusion import MISSED, SPURIOUS, confusion
from train.metrics.scoring import Item


def cells(predicted, gold):
    """The cells that are not zero, by gold and predicted type."""
    found = confusion([(predicted, gold)], ["A", "B"])
    assert (found.rows[-1], found.columns[-1]) == (SPURIOUS, MISSED)
    return {
        (found.rows[row], found.columns[column]): int(count)
        for (row, column), count in dict(
            zip(zip(*found.counts.nonzero(), strict=True), found.counts[found.counts.nonzero()], strict=True)
        ).items()
    }


def test_right_wrong_missed_and_spurious():
    gold = {Item("A", (0, 0, 4)), Item("A", (0, 5, 9)), Item("B", (1, 0, 4))}
    predicted = {Item("A", (0, 0, 4)), Item("B", (0, 5, 9)), Item("B", (2, 0, 4))}
    assert cells(predicted, gold) == {("A", "A"): 1, ("A", "B"): 1, ("B", MISSED): 1, (SPURIOUS, "B"): 1}


def test_spans_that_overlap_are_matched_best_first_and_once():
    gold = {Item("A", (0, 0, 10))}
    assert cells({Item("B", (0, 0, 10)), Item("A", (0, 0, 9))}, gold) == {("A", "B"): 1, (SPURIOUS, "A"): 1}
    assert cells({Item("B", (0, 0, 8)), Item("A", (0, 7, 9))}, gold) == {("A", "A"): 1, (SPURIOUS, "B"): 1}
    assert cells({Item("B", (0, 0, 8)), Item("B", (0, 8, 10))}, gold) == {("A", "B"): 1, (SPURIOUS, "B"): 1}
    assert cells({Item("A", (0, 10, 12))}, gold) == {("A", MISSED): 1, (SPURIOUS, "A"): 1}


def test_same_place_in_two_documents_is_not_the_same():
    item = Item("A", (0, 0, 4))
    found = confusion([({item}, set()), (set(), {item})], ["A"])
    assert found.counts.tolist() == [[0, 1], [1, 0]]
