import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflictcoder.ontology import Ontology
from train.data.names import label_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CLASH", "CLASH"),
        (" armed  clash ", "armed_clash"),
        ("a, b", "a_b"),
        ("x=[1]", "x_1_"),
        ("1.0", "1.0"),
    ],
)
def test_name(text, name):
    assert label_name(text) == name


@given(st.text().filter(str.strip))
def test_an_ontology_takes_every_name(text):
    assert Ontology(entity_types=(label_name(text),)).entity_types
