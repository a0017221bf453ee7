import io

import pytest

from conflictcoder.document import Document, Event, Sentence
from conflictcoder.ontology import Ontology
from conflictcoder.tables import CsvWriter, TableWriter

ONTOLOGY = Ontology(event_types=("RAID",), realis=("actual", "other"))


@pytest.mark.parametrize(("realis", "shown"), [("actual", "RAID"), ("other", "RAID (other)"), ("", "RAID")])
def test_realis_is_shown_where_it_is_not_actual(realis, shown):
    event = Event("e1", "RAID", realis, 0, 5, "Raids")
    stream = io.StringIO()
    TableWriter(stream, ONTOLOGY).write(
        Document("", "", "", "Raids.", (Sentence("Raids.", 0, (), (event,), ()),))
    )
    assert shown in stream.getvalue()
    assert ("(" in shown) == ("(" in stream.getvalue())


@pytest.mark.parametrize(
    ("id", "written"), [("=1+1", "'=1+1"), ("@news/12", "'@news/12"), ("-17", "-17"), ("+1.5", "+1.5")]
)
def test_formulas_are_disarmed_in_csv_and_numbers_are_not(id, written):
    event = Event("e1", "RAID", "actual", 0, 5, "Raids")
    stream = io.StringIO()
    CsvWriter(stream, ONTOLOGY).write(
        Document(id, "", "", "Raids.", (Sentence("Raids.", 0, (), (event,), ()),))
    )
    assert f"\n{written}," in f"\n{stream.getvalue()}".replace("\r", "")
