import numpy as np
import pytest

from conflictcoder.calibration import Calibration
from conflictcoder.decoding import Decoder, argument_scores, log_softmax, sigmoid
from conflictcoder.labels import LabelSpace
from conflictcoder.ontology import Ontology
from conflictcoder.tags import begin_tag, inside_tag
from conflictcoder.windows import EncodedSentence, Piece, Window

ONTOLOGY = Ontology(
    entity_types=("ACTOR", "PLACE"),
    event_types=("CLASH", "TALKS"),
    roles=("WHO", "WHERE"),
    realis=("actual", "other"),
    fillers={"WHERE": frozenset({"PLACE"})},
)
LABELS = LabelSpace.of(ONTOLOGY, {"entities", "events", "event_types", "arguments", "realis"})
TEXT = "Rebels fought in Hsipaw"
OFFSETS = [(0, 6), (7, 13), (14, 16), (17, 23)]


def sentence():
    return EncodedSentence(np.arange(4), np.array(OFFSETS), np.ones(4, dtype=bool))


def window(first=1):
    return Window(np.arange(6), (Piece(0, slice(0, 4), first),))


def outputs(path=(1, 5, 0, 3), types=(3.0, -3.0), realis=(2.0, 0.0)):
    """Outputs for [CLS] Rebels fought in Hsipaw [SEP] with a sure answer."""
    spans = np.full((6, 9), -9.0, dtype=np.float32)
    spans[np.arange(1, 5), path] = 9.0
    triggers = np.zeros((6, 2, 2), dtype=np.float32)
    triggers[2] = [[4.0, 0.0], [0.0, 4.0]]  # WHO looks at the first number, WHERE at the second
    mentions = np.full((6, 2), -1.0, dtype=np.float32)
    mentions[1], mentions[4] = [1.0, 1.0], [-1.0, 1.0]
    return {
        "spans": spans,
        "event_types": np.array([types], dtype=np.float32),
        "realis": np.tile(np.array(realis, dtype=np.float32), (6, 1)),
        "triggers": triggers,
        "mentions": mentions,
    }


def decode(arrays, calibration=Calibration(), labels=LABELS):  # noqa: B008
    (coded,) = Decoder(labels, calibration).decode([(TEXT, 5)], [sentence()], [window()], [arrays])
    return coded


def test_spans_events_and_arguments():
    coded = decode(outputs())
    assert [(m.type, m.text, m.id) for m in coded.entities] == [
        ("ACTOR", "Rebels", "m1"),
        ("PLACE", "Hsipaw", "m2"),
    ]
    (event,) = coded.events
    assert (event.type, event.text, event.realis) == ("CLASH", "fought", "actual")
    assert [(a.role, a.mention.text) for a in event.arguments] == [("WHO", "Rebels"), ("WHERE", "Hsipaw")]
    assert [entry.type for entry in coded.event_types] == ["CLASH"]
    assert (coded.text, coded.start) == (TEXT, 5)


def scores_by_role(event):
    return {argument.role: argument.score for argument in event.arguments}


def rounded(score):
    return round(float(sigmoid(np.float32(score))), 4)


def test_neighbouring_triggers_are_pooled_each_to_its_mean():
    arrays = outputs(path=(5, 5, inside_tag(2), 3))  # "Rebels" | "fought in" | Hsipaw
    arrays["triggers"][1:4] = [[[0.5, 0], [0, 2]], [[1, 0], [0, 1]], [[3, 0], [0, 5]]]
    first, second = decode(arrays, Calibration(arguments_threshold=0.0)).events
    assert scores_by_role(first) == {"WHO": rounded(-0.5), "WHERE": rounded(2.0)}
    assert scores_by_role(second) == {"WHO": rounded(-2.0), "WHERE": rounded(3.0)}


def test_span_at_the_end_of_a_piece_is_pooled_whole():
    arrays = outputs(path=(5, 0, 3, inside_tag(1)))
    arrays["triggers"][1] = [[1, 0], [0, 1]]
    arrays["mentions"][3:5] = [[1, 3], [2, 0]]
    (event,) = decode(arrays, Calibration(arguments_threshold=0.0)).events
    assert scores_by_role(event) == {"WHO": rounded(1.5), "WHERE": rounded(1.5)}


def test_arguments_come_in_the_order_of_the_roles():
    arrays = outputs(path=(3, 5, 0, 1))
    arrays["mentions"][1], arrays["mentions"][4] = [-1, 1], [1, -1]
    (event,) = decode(arrays).events
    assert [(a.role, a.mention.text) for a in event.arguments] == [("WHO", "Hsipaw"), ("WHERE", "Rebels")]


def test_temperature_softens_the_arguments():
    (event,) = decode(outputs(), Calibration(arguments_temperature=2.0)).events
    assert scores_by_role(event) == {"WHO": rounded(2.0), "WHERE": rounded(2.0)}


def test_joint_probability_of_an_argument_counts_its_event():
    arrays = outputs()
    doubtful = np.log(0.6 / 0.4)  # six in ten for the trigger's tag, four for O
    arrays["spans"][2, 0], arrays["spans"][2, 5] = 0.0, doubtful
    joint = Calibration(joint_arguments=True, arguments_threshold=0.0)
    (event,) = decode(arrays, joint).events
    assert event.score == pytest.approx(0.6, abs=1e-3)
    who = next(a for a in event.arguments if (a.role, a.mention.text) == ("WHO", "Rebels"))
    assert who.score == pytest.approx(float(sigmoid(np.float32(4.0))) * event.score, abs=1e-3)
    assert decode(arrays, Calibration()).events[0].arguments
    assert not decode(arrays, Calibration(joint_arguments=True, arguments_threshold=0.65)).events[0].arguments


def test_role_is_only_filled_by_its_types():
    assert all(a.mention.type == "PLACE" for a in decode(outputs()).events[0].arguments if a.role == "WHERE")
    free = Ontology(ONTOLOGY.entity_types, ONTOLOGY.event_types, ONTOLOGY.roles, ONTOLOGY.realis)
    coded = decode(outputs(), labels=LabelSpace.of(free, LABELS.layers))
    assert [a.mention.type for a in coded.events[0].arguments if a.role == "WHERE"] == ["ACTOR", "PLACE"]


def test_realis_and_thresholds_decide():
    assert decode(outputs(realis=(0.0, 2.0))).events[0].realis == "other"
    strict = Calibration(event_types_threshold=0.99, arguments_threshold=0.999)
    coded = decode(outputs(), strict)
    assert coded.event_types == ()
    assert coded.events[0].arguments == ()


def test_model_without_the_layer_says_nothing_of_realis():
    arrays = outputs()
    del arrays["realis"]
    (event,) = decode(arrays, labels=LabelSpace.of(ONTOLOGY, LABELS.layers - {"realis"})).events
    assert event.realis == ""


def test_temperature_softens_probabilities_and_bias_finds_less():
    sure = decode(outputs()).event_types[0].score
    soft = decode(outputs(), Calibration(event_types_temperature=3.0)).event_types[0].score
    assert 0.5 < soft < sure
    assert decode(outputs(), Calibration(outside_bias=50.0)).entities == ()


def test_biases_decide_and_leave_the_scores_alone():
    arrays = outputs()
    arrays["spans"] /= 9.0  # tags at 1 and -1: a bias of 3 decides
    plain = decode(arrays)
    assert {len(plain.entities), len(plain.events)} == {2, 1}
    no_mentions = decode(arrays, Calibration(outside_bias=3.0, triggers_outside_bias=0.0))
    assert (no_mentions.entities, len(no_mentions.events)) == ((), 1)
    no_triggers = decode(arrays, Calibration(outside_bias=0.0, triggers_outside_bias=3.0))
    assert (len(no_triggers.entities), no_triggers.events) == (2, ())
    biased = decode(arrays, Calibration(outside_bias=1.0))
    assert [m.score for m in biased.entities] == [m.score for m in plain.entities]
    hot = decode(arrays, Calibration(spans_temperature=2.0))
    assert hot.entities[0].score == pytest.approx(np.exp(0.5) / (np.exp(0.5) + 8 * np.exp(-0.5)), abs=1e-4)


def test_exclusive_types_choose_exactly_one():
    ontology = Ontology(event_types=("A", "B", "C"), exclusive_event_types=True)
    labels = LabelSpace.of(ontology, {"event_types"})
    arrays = {"event_types": np.array([[-5.0, -4.0, -6.0]], dtype=np.float32)}
    assert [entry.type for entry in decode(arrays, labels=labels).event_types] == ["B"]


def test_pieces_of_a_sentence_are_joined():
    pieces = [Window(np.arange(4), (Piece(0, slice(start, start + 2), 1),)) for start in (0, 2)]
    arrays = [outputs(), outputs()]
    parts = []
    for number, whole in enumerate(arrays):
        part = {name: array.copy() for name, array in whole.items()}
        for name in ("spans", "realis", "triggers", "mentions"):
            part[name] = whole[name][[0, 1 + 2 * number, 2 + 2 * number, 5]]
        parts.append(part)
    parts[1]["event_types"] = np.array([[-3.0, 3.0]], dtype=np.float32)
    (coded,) = Decoder(LABELS, Calibration()).decode([(TEXT, 0)], [sentence()], pieces, parts)
    assert [m.text for m in coded.entities] == ["Rebels", "Hsipaw"]
    assert [m.id for m in coded.entities] == ["m1", "m2"]
    assert [entry.type for entry in coded.event_types] == ["CLASH", "TALKS"]


def test_span_of_several_words_has_the_text_between():
    coded = decode(outputs(path=(begin_tag(0), inside_tag(0), inside_tag(0), inside_tag(0))))
    assert [m.text for m in coded.entities] == [TEXT]


def test_sentence_without_tokens_is_kept():
    empty = EncodedSentence(np.zeros(0, dtype=int), np.zeros((0, 2), dtype=int), np.zeros(0, dtype=bool))
    (coded,) = Decoder(LABELS, Calibration()).decode([("\x00", 0)], [empty], [], [])
    assert (coded.text, coded.entities, coded.event_types) == ("\x00", (), ())


def test_arithmetic():
    assert sigmoid(np.array([0.0, 1000.0, -1000.0], dtype=np.float32)).tolist() == [0.5, 1.0, 0.0]
    assert np.exp(log_softmax(np.array([1.0, 1.0], dtype=np.float32))).tolist() == pytest.approx([0.5, 0.5])
    scores = argument_scores(np.eye(2, dtype=np.float32), np.array([[2.0, 3.0]], dtype=np.float32))
    assert scores.tolist() == [[2.0, 3.0]]
