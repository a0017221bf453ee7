from conflictcoder.ontology import Ontology
from train.data.ann import parse_ann
from train.data.statistics import Statistics

ONTOLOGY = Ontology(("WHO", "WHERE"), ("RAID", "FLIGHT"), ("BY", "AT"), ("actual", "other"))
HEAD = "# id: x\n# date:\n# origin: o\n\n"
FIRST = """[We]{m1 WHO} [raided]{e1 RAID BY=m1 AT=m2} [Gao]{m2 WHERE}, [may raid]{e2 RAID BY=m1 realis=other}.
It rained.
"""
SECOND = """[Raided]{e1 RAID}, [they]{m1 WHO} [fled]{e2 FLIGHT BY=m1}.
Then a [raid]{e1 RAID}.
"""


def count(*bodies, ontology=ONTOLOGY):
    return Statistics.of((parse_ann(HEAD + body, ontology).document for body in bodies), ontology)


def test_counts():
    assert count(FIRST, SECOND) == Statistics(
        documents=2,
        sentences=4,
        event_sentences=3,
        multi_event_sentences=2,
        events=5,
        other_events=1,
        mentions={"WHO": 2, "WHERE": 1},
        sentences_by_type={"RAID": 3, "FLIGHT": 1},
        arguments={"BY": 3, "AT": 1},
        triggers={"RAID": {"raided", "may raid", "raid"}, "FLIGHT": {"fled"}},
        words=[5, 2, 3, 3],
    )


def test_events_are_actual_where_the_ontology_has_no_realis():
    plain = Ontology(("WHO",), ("RAID",))
    assert count("A [raid]{e1 RAID}.\n", ontology=plain).other_events == 0


def test_lines():
    assert count(FIRST, SECOND).lines() == [
        "documents 2, sentences 4, events 5",
        "words in a sentence: 10 % 2, median 3, 90 % 5",
        "sentences with events 3, with two or more 2 (67%)",
        "events that are not actual 1 (20%)",
        "",
        "mentions by entity type",
        "  WHO                               2",
        "  WHERE                             1",
        "sentences by event type (and distinct triggers)",
        "  RAID                              3      3",
        "  FLIGHT                            1      1",
        "arguments by role",
        "  BY                                3",
        "  AT                                1",
    ]


def test_deciles_of_sentence_lengths():
    bodies = ["word " * length + "\n" for length in range(20, 0, -1)]
    assert count(*bodies).lines()[1] == "words in a sentence: 10 % 3, median 11, 90 % 19"


def test_lines_of_nothing():
    lines = Statistics().lines()
    assert lines[0] == "documents 0, sentences 0, events 0"
    assert lines[1] == "words in a sentence: 10 % 0, median 0, 90 % 0"
    assert lines[2] == "sentences with events 0, with two or more 0 (0%)"
