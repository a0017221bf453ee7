import pytest

from conflictcoder.errors import CheckpointError
from conflictcoder.labels import LabelSpace
from conflictcoder.ontology import Ontology

FULL = Ontology(("A",), ("E", "F"), ("R",), ("actual", "other"))


@pytest.mark.parametrize(
    ("ontology", "layers", "message"),
    [
        (FULL, [], "expected some of"),
        (FULL, ["entity"], "expected some of"),
        (FULL, ["arguments", "events"], "needs the layers"),
        (FULL, ["realis"], "needs the layer 'events'"),
        (Ontology(("A",)), ["events"], "does not have"),
    ],
)
def test_impossible_layers_are_refused(ontology, layers, message):
    with pytest.raises(CheckpointError, match=message):
        LabelSpace.of(ontology, layers)


def test_tag_set_holds_the_layers_that_are_predicted():
    assert LabelSpace.of(FULL, ["entities"]).span_types == ("A",)
    assert LabelSpace.of(FULL, ["events"]).span_types == ("E", "F")
    sizes = LabelSpace.of(FULL, ["entities", "events", "arguments", "realis", "event_types"]).output_sizes()
    assert sizes == {"spans": 7, "event_types": 2, "realis": 2, "arguments": 1}
