"""Losses against numbers worked out by hand."""

import math

import pytest
import torch

from conflictcoder.modeling import JointOutput
from train.config import LossWeights
from train.joint_loss import JointLoss
from train.losses import (
    IGNORED,
    argument_loss,
    event_type_loss,
    fold_unknown_types,
    pool_spans,
    realis_loss,
    score_pairs,
    span_loss,
)

LOG2 = math.log(2)


def test_span_loss_is_the_mean_over_labelled_tokens():
    scores = torch.tensor([[[0.0, 0.0], [math.log(3), 0.0], [9.0, -9.0]]])
    tags = torch.tensor([[0, 1, IGNORED]])
    # -log 1/2 and -log 1/4
    assert span_loss(scores, tags).item() == pytest.approx((LOG2 + math.log(4)) / 2)


def test_event_type_loss_sums_types_and_averages_sentences():
    scores = torch.tensor([[[0.0, math.log(3)], [0.0, 0.0], [5.0, 5.0]]])
    types = torch.tensor([[[1.0, 0.0], [0.0, 0.0], [IGNORED, IGNORED]]])
    # sentence 1: log 2 + -log(1 - 3/4); sentence 2: 2 log 2
    expected = ((LOG2 + math.log(4)) + 2 * LOG2) / 2
    assert event_type_loss(scores, types, exclusive=False).item() == pytest.approx(expected)


def test_exclusive_event_types_use_cross_entropy():
    scores = torch.tensor([[[math.log(3), 0.0], [7.0, 7.0]]])
    types = torch.tensor([[[0.0, 1.0], [IGNORED, IGNORED]]])
    assert event_type_loss(scores, types, exclusive=True).item() == pytest.approx(math.log(4))


def test_event_types_that_were_not_annotated_cost_nothing():
    scores = torch.tensor([[[0.0, 5.0, 5.0], [1.0, 0.0, 0.0]]], requires_grad=True)
    types = torch.tensor([[[1.0, IGNORED, IGNORED], [IGNORED, 0.0, 1.0]]])
    loss = event_type_loss(scores, types, exclusive=False)
    assert loss.item() == pytest.approx((LOG2 + 2 * LOG2) / 2)
    loss.backward()
    assert scores.grad[0].ne(0).tolist() == [[True, False, False], [False, True, True]]


def test_tags_of_types_that_were_not_annotated_count_as_outside():
    # O, B-X, I-X, B-Y, I-Y with weights 1, 2, 3, 4, 6; Y was not annotated in the second row.
    weights = torch.tensor([[[1.0, 2.0, 3.0, 4.0, 6.0]]] * 2)
    unknown = torch.tensor([[False, False], [False, True]])
    folded = fold_unknown_types(weights.log(), unknown).exp()
    assert folded[0, 0].tolist() == pytest.approx([1, 2, 3, 4, 6])
    assert folded[1, 0].tolist() == pytest.approx([11, 2, 3, 0, 0])
    # The label O then has the probability 11/16, not 1/16, and the gradient stays finite.
    scores = weights[1:].log().requires_grad_()
    loss = span_loss(fold_unknown_types(scores, unknown[1:]), torch.tensor([[0]]))
    assert loss.item() == pytest.approx(math.log(16 / 11))
    loss.backward()
    assert scores.grad.isfinite().all()


def test_argument_loss_sums_roles_and_averages_pairs():
    scores = torch.tensor([[[0.0, 0.0], [math.log(3), 0.0], [1.0, 1.0]]])
    roles = torch.tensor([[[1, 0], [1, 0], [IGNORED, IGNORED]]])
    expected = (2 * LOG2 + (math.log(4 / 3) + LOG2)) / 2
    assert argument_loss(scores, roles).item() == pytest.approx(expected)


def test_realis_loss():
    scores = torch.tensor([[[0.0, 0.0], [3.0, 3.0]]])
    assert realis_loss(scores, torch.tensor([[1, IGNORED]])).item() == pytest.approx(LOG2)


@pytest.mark.parametrize("loss", [span_loss, realis_loss])
def test_nothing_labelled_is_zero_and_keeps_the_graph(loss):
    scores = torch.zeros(1, 2, 3, requires_grad=True)
    value = loss(scores, torch.full((1, 2), IGNORED))
    value.backward()
    assert value.item() == 0.0
    assert scores.grad.abs().sum() == 0


def test_spans_are_pooled_by_their_mean():
    states = torch.tensor([[[1.0], [3.0], [8.0]]])
    spans = torch.tensor([[[0, 2], [2, 3], [IGNORED, IGNORED]]])
    assert pool_spans(states, spans).tolist() == [[[2.0], [8.0], [0.0]]]


def test_pairs_are_scored_by_dot_products():
    triggers = torch.tensor([[[[1.0, 2.0], [0.0, 1.0]]]])  # one trigger, two roles
    mentions = torch.tensor([[[3.0, 4.0], [1.0, 0.0]]])
    pairs = torch.tensor([[[0, 0], [0, 1], [IGNORED, IGNORED]]])
    scores = score_pairs(triggers, mentions, pairs)
    assert scores[0, :2].tolist() == [[11.0, 4.0], [1.0, 0.0]]


def test_joint_loss_weighs_the_heads_that_are_there():
    scores = torch.zeros(1, 1, 2)
    labels = {
        "spans": torch.tensor([[0]]),
        "unknown_types": torch.zeros(1, 0, dtype=torch.bool),
        "window": torch.tensor([[0]]),
    }
    loss = JointLoss(LossWeights(spans=3.0), exclusive=False)
    assert loss(JointOutput(spans=scores), labels).item() == pytest.approx(3 * LOG2)


def test_training_scores_are_those_of_the_decoder():
    """What the loss trains is what the decoder computes."""
    from conflictcoder.decoding import argument_scores

    random = torch.Generator().manual_seed(0)
    triggers, mentions = (torch.randn(shape, generator=random) for shape in ((1, 6, 3, 4), (1, 6, 4)))
    trigger = pool_spans(triggers.flatten(2), torch.tensor([[[1, 3]]])).unflatten(-1, (3, 4))
    mention = pool_spans(mentions, torch.tensor([[[4, 6]]]))
    trained = score_pairs(trigger, mention, torch.tensor([[[0, 0]]]))[0, 0]
    decoded = argument_scores(
        triggers[0, 1:3].mean(dim=0).numpy(), mentions[0, 4:6].mean(dim=0, keepdim=True).numpy()
    )
    assert trained.tolist() == pytest.approx(decoded[0].tolist(), abs=1e-5)
