import math

import numpy as np
import pytest
import torch

from conflictcoder.labels import LabelSpace
from conflictcoder.windows import EncodedSentence, Piece, Window
from train.data.ann import parse_ann
from train.features import WindowedDocument, training_rows
from train.head_scores import HeadScores, collect_head_scores
from train.labelled import LabelledDocument
from train.losses import fold_unknown_types, span_loss

LAYERS = frozenset({"entities", "events", "event_types", "arguments", "realis"})


def test_loss_by_hand():
    scores = np.array([[math.log(3), 0.0]], dtype=np.float32)
    truths = np.array([[True, False]])
    assert HeadScores(scores, truths, exclusive=True).loss(1.0) == pytest.approx(math.log(4 / 3))
    # Sigmoids: 3/4 for the first, which is true, and 1/2 for the second, which is not.
    expected = (math.log(4 / 3) + math.log(2)) / 2
    assert HeadScores(scores, truths, exclusive=False).loss(1.0) == pytest.approx(expected)
    halved = HeadScores(scores * 2, truths, exclusive=True)
    assert halved.loss(2.0) == pytest.approx(math.log(4 / 3))


def test_likeliest_temperature_by_hand():
    """Scores of log 9 are right in 3 of 4 cases, which a score of log 3 would be: divide by 2."""
    scores = np.full((4, 1), math.log(9), dtype=np.float32)
    truths = np.array([[True], [True], [True], [False]])
    assert HeadScores(scores, truths, exclusive=False).fit_temperature() == pytest.approx(2.0, rel=0.02)
    nothing = HeadScores(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.bool_), exclusive=True)
    assert nothing.fit_temperature() == 1.0


def test_confidences():
    scores = np.array([[math.log(3), 0.0], [0.0, math.log(4)]], dtype=np.float32)
    truths = np.array([[True, False], [True, False]])
    values, right = HeadScores(scores, truths, exclusive=True).confidences(1.0)
    assert values.tolist() == pytest.approx([0.75, 0.8])
    assert right.tolist() == [True, False]
    values, right = HeadScores(scores, truths, exclusive=False).confidences(1.0)
    assert values.tolist() == pytest.approx([0.75, 0.5, 0.5, 0.8])
    assert right.tolist() == [True, False, True, False]


def test_rows_of_every_head(ontology):
    """[CLS] Rebels attacked Hopang [SEP]: one trigger, two mentions, and the roles that they may fill."""
    text = "[Rebels]{a1 ARMED_GROUP} [attacked]{e1 ARMED_CLASH ACTOR=a1 PLACE=l1} [Hopang]{l1 LOCATION}"
    gold = parse_ann(f"# id: x\n# date: 2024-02-06\n# origin: written\n\n{text}\n", ontology).document
    sentence = EncodedSentence(np.arange(3), np.array([(0, 6), (7, 15), (16, 22)]), np.ones(3, dtype=bool))
    window = Window(np.arange(5), (Piece(0, slice(0, 3), 1),))
    labels = LabelSpace.of(ontology, LAYERS)
    random = np.random.default_rng(0)
    roles = len(ontology.roles)
    outputs = {
        "spans": random.normal(size=(5, 55)).astype(np.float32),
        "event_types": random.normal(size=(1, 17)).astype(np.float32),
        "realis": random.normal(size=(5, 2)).astype(np.float32),
        "triggers": random.normal(size=(5, roles, 4)).astype(np.float32),
        "mentions": random.normal(size=(5, 4)).astype(np.float32),
    }
    document = WindowedDocument(LabelledDocument(gold, LAYERS), [sentence], [window])
    heads = collect_head_scores([document], [[outputs]], labels)
    assert heads["spans"].scores.tolist() == outputs["spans"][1:4].tolist()
    assert heads["spans"].truths.sum(axis=1).tolist() == [1, 1, 1]
    assert heads["event_types"].truths.ravel().tolist() == [
        name == "ARMED_CLASH" for name in ontology.event_types
    ]
    assert heads["realis"].scores.tolist() == [outputs["realis"][2].tolist()]
    assert heads["realis"].truths.tolist() == [[True, False]]
    wanted = [
        (float(outputs["triggers"][2, number] @ outputs["mentions"][position]), role == filled)
        for position, kind, filled in ((1, "ARMED_GROUP", "ACTOR"), (3, "LOCATION", "PLACE"))
        for number, role in enumerate(ontology.roles)
        if ontology.may_fill(role, kind)
    ]
    assert heads["arguments"].scores.ravel().tolist() == pytest.approx([value for value, _ in wanted])
    assert heads["arguments"].truths.ravel().tolist() == [truth for _, truth in wanted]
    unknown = WindowedDocument(LabelledDocument(gold, frozenset({"entities"})), [sentence], [window])
    assert all(not len(head.scores) for head in collect_head_scores([unknown], [[outputs]], labels).values())


def partly(ontology, layers, types, text):
    """[CLS] text [SEP] as a document in which only some types were annotated."""
    gold = parse_ann(f"# id: x\n# date: 2024-02-06\n# origin: written\n\n{text}\n", ontology).document
    sentence = EncodedSentence(np.arange(2), np.array([(0, 6), (7, 11)]), np.ones(2, dtype=bool))
    labelled = LabelledDocument(gold, frozenset(layers), frozenset(types))
    return WindowedDocument(labelled, [sentence], [Window(np.arange(4), (Piece(0, slice(0, 2), 1),))])


def test_outside_may_be_a_type_that_was_not_annotated(ontology):
    """As in training: at temperature 1 the loss is that of the folded scores."""
    labels = LabelSpace.of(ontology, {"entities"})
    document = partly(ontology, {"entities"}, {"ARMED_GROUP"}, "[Rebels]{a1 ARMED_GROUP} rest")
    spans = np.random.default_rng(0).normal(size=(4, 21)).astype(np.float32)
    head = collect_head_scores([document], [[{"spans": spans}]], labels)["spans"]
    first = 1 + 2 * ontology.entity_types.index("ARMED_GROUP")
    assert np.flatnonzero(head.truths[0]).tolist() == [first]
    assert np.flatnonzero(~head.truths[1]).tolist() == [first, first + 1]
    (row,) = training_rows([document], labels)
    folded = fold_unknown_types(torch.from_numpy(spans[None]), torch.tensor([row["unknown_types"]]))
    expected = span_loss(folded, torch.tensor([row["spans"]]))
    assert head.loss(1.0) == pytest.approx(expected.item(), rel=1e-5)


def test_known_event_types_count_beside_unknown_ones(ontology):
    labels = LabelSpace.of(ontology, {"event_types"})
    document = partly(ontology, {"event_types"}, {"PROTEST", "SHELLING"}, "People [met]{e1 PROTEST}")
    scores = np.arange(17, dtype=np.float32)[None]
    head = collect_head_scores([document], [[{"event_types": scores}]], labels)["event_types"]
    numbers = [ontology.event_types.index(name) for name in ("SHELLING", "PROTEST")]
    assert head.scores.ravel().tolist() == numbers
    assert head.truths.ravel().tolist() == [False, True]
