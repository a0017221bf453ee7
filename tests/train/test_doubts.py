import numpy as np
import pytest

from conflictcoder.document import Document, Event, EventType, Mention, Sentence
from conflictcoder.labels import LabelSpace
from conflictcoder.ontology import Ontology
from conflictcoder.windows import EncodedSentence, Piece, Window
from train.doubts import _window_doubts, find_doubts
from train.features import WindowedDocument, training_rows
from train.labelled import LabelledDocument

from ..conftest import TEN, tiny_config, write_data


def test_a_wrong_label_is_doubted(root, tiny_backbone, tmp_path):
    """One of many copies has two wrong types and lacks an argument; the model of the others finds all.

    It is taught by the labels alone: this teacher is not even there.
    """
    wrong = TEN.replace("[Lwepan]{l1 LOCATION}", "[Lwepan]{l1 PERSON}").replace(
        "{e1 WITHDRAWAL ACTOR=a1 PLACE=l1}", "{e1 WITHDRAWAL ACTOR=a1}"
    )
    wrong = wrong.replace("{e1 PROTEST ", "{e1 TROOP_MOVEMENT ")
    wrong = wrong.replace(
        "{e1 AIR_STRIKE TARGET=c1 FATALITIES=q1 PLACE=l1}", "{e1 AIR_STRIKE FATALITIES=q1 PLACE=l1}"
    )
    ann = {f"d{n}": (wrong if n == 2 else TEN).replace("# id: ten", f"# id: d{n}") for n in range(4)}
    ontology = (root / "data" / "ontology.yaml").read_text(encoding="utf-8")
    data = write_data(tmp_path / "data", ann, ontology, {"dev": ["d3"]})
    config = tiny_config(
        data,
        tiny_backbone,
        tmp_path,
        training__epochs=120,
        training__evaluations=1,
        distillation={"teachers": ["has seen all of them"]},
    )
    doubts = find_doubts(config, ["train"], 3)
    found = {(doubt.document, doubt.sentence, doubt.text, doubt.label, doubt.model) for doubt in doubts[:10]}
    assert ("d2", 2, "Lwepan", "B-PERSON", "B-LOCATION") in found
    assert ("d2", 3, "villagers", "not TARGET of 'airstrike'", "TARGET of 'airstrike'") in found
    protest = {(place, label, model) for _, place, _, label, model in found if "PROTEST" in model}
    assert (9, "reports no PROTEST", "reports PROTEST") in protest
    assert doubts == sorted(doubts, reverse=True)
    again = find_doubts(config, ["train"], 3, resume=True)
    assert again == doubts


def doubts_about(sentence, labels, layers, types=None, **probabilities):
    """Doubts about [CLS] Rebels left [SEP] under a model of these probabilities: label, model, confidence."""
    gold = LabelledDocument(Document("x", "", "", sentence.text, (sentence,)), frozenset(layers), types)
    encoded = EncodedSentence(np.arange(2), np.array([(0, 6), (7, 11)]), np.ones(2, dtype=bool))
    window = Window(np.arange(4), (Piece(0, slice(0, 2), 1),))
    document = WindowedDocument(gold, [encoded], [window])
    (row,) = training_rows([document], labels)
    arrays = {name: np.log(np.array(values, dtype=np.float32)) for name, values in probabilities.items()}
    doubts = _window_doubts(document, window, row, arrays, labels)
    return [(doubt.text, doubt.label, doubt.model, doubt.confidence) for doubt in doubts]


def test_type_that_was_not_annotated_is_no_doubt():
    """O, B-WHO, I-WHO, B-WHERE, I-WHERE; the source has no WHERE."""
    labels = LabelSpace.of(Ontology(entity_types=("WHO", "WHERE")), {"entities"})
    sentence = Sentence("Rebels left", 0, (Mention("m1", "WHO", 0, 6, "Rebels"),))
    who, where, rest = [0.1, 0.6, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.6, 0.1], [0.2] * 5
    assert doubts_about(sentence, labels, {"entities"}, {"WHO"}, spans=[rest, who, where, rest]) == []
    everything = doubts_about(sentence, labels, {"entities"}, spans=[rest, who, where, rest])
    assert everything == [("left", "O", "B-WHERE", pytest.approx(0.6))]
    likely = pytest.approx(0.6)
    told = doubts_about(sentence, labels, {"entities"}, {"WHO"}, spans=[rest, where, who, rest])
    assert told == [("Rebels", "B-WHO", "B-WHERE", likely), ("left", "O", "B-WHO", likely)]
    # O, or a WHERE, is likelier than each alone.
    weak = [0.2, 0.4, 0.0001, 0.2, 0.2]
    assert doubts_about(sentence, labels, {"entities"}, {"WHO"}, spans=[rest, who, weak, rest]) == []


def test_single_class_is_doubted_where_another_is_likelier():
    ontology = Ontology(event_types=("RAID", "TALKS", "RETREAT"), exclusive_event_types=True)
    labels = LabelSpace.of(ontology, {"event_types"})
    sentence = Sentence("Rebels left", 0, event_types=(EventType("TALKS"),))
    (doubt,) = doubts_about(sentence, labels, {"event_types"}, event_types=[[0.1, 0.2, 0.7]])
    assert doubt == ("Rebels", "reports TALKS", "reports RETREAT", pytest.approx(0.7))
    assert doubts_about(sentence, labels, {"event_types"}, event_types=[[0.1, 0.6, 0.3]]) == []
    without = Sentence("Rebels left", 0)
    assert doubts_about(without, labels, {"event_types"}, event_types=[[0.1, 0.2, 0.7]]) == []


def test_realis_is_doubted_where_another_is_likelier():
    ontology = Ontology(event_types=("RETREAT",), realis=("actual", "other"))
    event = Event("e1", "RETREAT", "actual", 7, 11, "left")
    sentence = Sentence("Rebels left", 0, events=(event,), event_types=(EventType("RETREAT"),))
    labels = LabelSpace.of(ontology, {"events", "realis"})
    spans = [[0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.5, 0.25, 0.25]]
    for realis, expected in (
        ([0.2, 0.8], [("left", "realis actual", "realis other", pytest.approx(0.8))]),
        ([0.8, 0.2], []),
    ):
        values = [[0.5, 0.5], [0.5, 0.5], realis, [0.5, 0.5]]
        assert doubts_about(sentence, labels, {"events", "realis"}, spans=spans, realis=values) == expected
    unknown = doubts_about(sentence, labels, {"events"}, spans=spans, realis=[[0.2, 0.8]] * 4)
    assert unknown == []
