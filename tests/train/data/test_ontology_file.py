import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conflictcoder.errors import OntologyError
from conflictcoder.ontology import Ontology
from tests.train.data.strategies import DATA, PATIENT
from train.data.ontology_file import load_ontology


def write(folder, text):
    path = folder / "ontology.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_file_with_lists_and_definitions(tmp_path):
    text = """# comment
version: 2
entity_types: {GROUP: who fights, PLACE: }
event_types:
  - RAID
realis: [actual, other]
roles:
  BY: {definition: who does it, fillers: [GROUP]}
  AT: where
"""
    assert load_ontology(write(tmp_path, text)) == Ontology(
        ("GROUP", "PLACE"),
        ("RAID",),
        ("BY", "AT"),
        ("actual", "other"),
        fillers={"BY": frozenset({"GROUP"})},
        definitions={"GROUP": "who fights", "BY": "who does it", "AT": "where"},
        version=2,
    )


def test_ontology_of_the_project():
    ontology = load_ontology(DATA / "ontology.yaml")
    assert (len(ontology.entity_types), len(ontology.event_types), len(ontology.roles)) == (10, 17, 9)
    assert ontology.realis == ("actual", "other")
    assert set(ontology.fillers) == set(ontology.roles)
    assert ontology.fillers["PLACE"] == {"LOCATION", "FACILITY"}
    names = {*ontology.entity_types, *ontology.event_types, *ontology.roles}
    assert set(ontology.definitions) == names | {"roles.WEAPON"}
    assert ontology.definitions["WEAPON"] != ontology.definitions["roles.WEAPON"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a mapping with .*, got NoneType"),
        ("- A\n", "expected a mapping with .*, got list"),
        ("entity_type: [A]\n", r"unknown keys \['entity_type'\]; expected .*'entity_types'"),
        ("entity_types: [A, A]\n", "entity_types: a name is given twice"),
        ("realis: [yes, no]\n", "realis: True cannot be a label; expected text"),
        ("entity_types: [A\n", "not a YAML file: "),
        ("version: 2024-13-45\n", "not a YAML file: month must be"),
        (b"entity_types: [\xff]\n", "not a YAML file: "),
        ("entity_types: \x07\n", "not a YAML file: "),
        ("? {a: b}\n: c\n", "not a YAML file: "),
        ("a: " + "[" * 1500, "not a YAML file: "),
    ],
)
def test_malformed_file(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(OntologyError, match=message) as caught:
        load_ontology(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_missing_file(tmp_path):
    path = tmp_path / "none.yaml"
    with pytest.raises(OntologyError) as caught:
        load_ontology(path)
    assert (
        str(caught.value) == f"{path}: cannot be read (No such file or directory); give the ontology's path"
    )


_VALUES = st.recursive(
    st.sampled_from(["A", "1", "yes", "~", "1.5", "2024-02-06", "''", "x y"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(st.sampled_from(["A", "fillers", "definition", "1"]), inner), max_size=3).map(
            lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items) + "}"
        )
    ),
    max_leaves=6,
)
_KEYS = st.sampled_from(
    [
        "entity_types",
        "event_types",
        "roles",
        "realis",
        "fillers",
        "definitions",
        "version",
        "exclusive_event_types",
    ]
)


@given(st.dictionaries(_KEYS, _VALUES, min_size=1))
@settings(PATIENT, max_examples=300)
def test_any_values_raise_only_ontology_errors(tmp_path_factory, sections):
    _loads_or_raises(tmp_path_factory, "".join(f"{key}: {value}\n" for key, value in sections.items()))


@given(st.binary() | st.text().map(str.encode))
@PATIENT
def test_any_bytes_raise_only_ontology_errors(tmp_path_factory, content):
    _loads_or_raises(tmp_path_factory, content)


def _loads_or_raises(tmp_path_factory, content):
    path = write(tmp_path_factory.getbasetemp(), content)
    try:
        ontology = load_ontology(path)
    except OntologyError as error:
        assert str(path) in str(error)
    else:
        assert Ontology.from_dict(ontology.to_dict()) == ontology
