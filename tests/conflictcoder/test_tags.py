import itertools

import numpy as np
import pytest

from conflictcoder.tags import begin_tag, decode_spans, inside_tag, tag_count, tag_names


def scores_of(path, tags, high=-0.1, low=-5.0):
    scores = np.full((len(path), tags), low, dtype=np.float32)
    scores[np.arange(len(path)), path] = high
    return scores


def spans_of(path):
    return [(s.start, s.end, s.label) for s in decode_spans(scores_of(path, 5))]


def test_tags_are_numbered_in_pairs():
    assert tag_names(["X", "Y"]) == ["O", "B-X", "I-X", "B-Y", "I-Y"]
    assert (begin_tag(1), inside_tag(1), tag_count(2)) == (3, 4, 5)


@pytest.mark.parametrize(
    ("path", "spans"),
    [
        ([0, 0], []),
        ([1, 2, 2], [(0, 3, 0)]),
        ([1, 1], [(0, 1, 0), (1, 2, 0)]),
        ([1, 2, 3, 4, 0, 3], [(0, 2, 0), (2, 4, 1), (5, 6, 1)]),
    ],
)
def test_valid_sequences_are_kept(path, spans):
    assert spans_of(path) == spans


def test_inside_without_begin_is_never_decoded():
    (span,) = decode_spans(scores_of([0, 2, 2], 3))
    assert span.label == 0
    assert decode_spans(scores_of([2], 3, high=-0.1, low=-0.2)) == []


def is_valid(path):
    before = 0
    for tag in path:
        if tag and tag % 2 == 0 and before not in (tag, tag - 1):
            return False
        before = tag
    return True


def test_decoding_is_the_best_valid_path():
    random = np.random.default_rng(0)
    for _ in range(50):
        scores = random.normal(size=(4, 5)).astype(np.float32)
        valid = [path for path in itertools.product(range(5), repeat=4) if is_valid(path)]
        best = max(valid, key=lambda path: sum(scores[n, tag] for n, tag in enumerate(path)))
        assert [(s.start, s.end, s.label) for s in decode_spans(scores)] == spans_of(list(best))


def test_score_is_the_geometric_mean():
    scores = np.log(np.array([[0.1, 0.8, 0.1], [0.5, 0.3, 0.2]], dtype=np.float32))
    scores[1] = np.log([0.25, 0.25, 0.5])
    (span,) = decode_spans(scores)
    assert span.score == pytest.approx((0.8 * 0.5) ** 0.5)


def test_each_span_has_the_geometric_mean_of_its_own_words():
    path = [1, 2, 3, 0, 1]
    scores = np.full((5, 5), np.log(0.01), dtype=np.float32)
    scores[np.arange(5), path] = np.log([0.9, 0.4, 0.8, 0.7, 0.6])
    spans = decode_spans(scores)
    assert [span[:3] for span in spans] == [(0, 2, 0), (2, 3, 1), (4, 5, 0)]
    assert [span.score for span in spans] == pytest.approx([0.6, 0.8, 0.6])


def test_biases_count_in_the_search_too():
    scores = np.log(np.array([[0.1, 0.3, 0.6]], dtype=np.float32))  # I alone is not valid: B or O
    assert len(decode_spans(scores)) == 1
    assert decode_spans(scores, np.array([1.5], dtype=np.float32)) == []


def test_no_words_no_spans():
    assert decode_spans(np.zeros((0, 5), dtype=np.float32)) == []
