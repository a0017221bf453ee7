import io

import pytest

from conflictcoder.document import Document, Event, Sentence
from conflictcoder.ontology import Ontology
from conflictcoder.tables import TableWriter

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
