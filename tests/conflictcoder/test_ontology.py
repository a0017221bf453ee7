import dataclasses

import pytest

from conflictcoder.errors import ConflictCoderError, OntologyError
from conflictcoder.ontology import Ontology

FULL = Ontology(
    entity_types=("WHO", "場所"),
    event_types=("RAID", "FLIGHT"),
    roles=("BY", "AT"),
    realis=("actual", "other"),
    fillers={"AT": frozenset({"場所"})},
    definitions={"RAID": "a sudden attack", "AT": "where"},
    version=4,
)


def test_plain_data_and_back():
    assert FULL.to_dict() == {
        "version": 4,
        "entity_types": ["WHO", "場所"],
        "event_types": ["RAID", "FLIGHT"],
        "exclusive_event_types": False,
        "roles": ["BY", "AT"],
        "realis": ["actual", "other"],
        "fillers": {"AT": ["場所"]},
        "definitions": {"RAID": "a sudden attack", "AT": "where"},
    }
    assert Ontology.from_dict(FULL.to_dict()) == FULL


@pytest.mark.parametrize("ontology", [Ontology(), Ontology((), ("A", "B"), exclusive_event_types=True)])
def test_partial_ontologies_come_back(ontology):
    assert Ontology.from_dict(ontology.to_dict()) == ontology


def test_order_of_names_is_kept():
    assert Ontology.from_dict({"event_types": ["B", "C", "A"]}).event_types == ("B", "C", "A")
    assert Ontology.from_dict({"event_types": {"B": "", "C": None, "A": "x"}}).event_types == ("B", "C", "A")


def test_mappings_give_definitions_and_fillers():
    data = {
        "entity_types": {"WHO": "a party", "WHERE": None},
        "event_types": {"RAID": {"definition": "an attack", "acled": ["Attack"]}, "FLIGHT": {}},
        "roles": {"BY": "who does it", "AT": {"definition": "where", "fillers": ["WHERE"]}},
    }
    assert Ontology.from_dict(data) == Ontology(
        ("WHO", "WHERE"),
        ("RAID", "FLIGHT"),
        ("BY", "AT"),
        fillers={"AT": frozenset({"WHERE"})},
        definitions={"WHO": "a party", "RAID": "an attack", "BY": "who does it", "AT": "where"},
    )


def test_role_with_the_name_of_a_type_has_its_own_definition():
    data = {"entity_types": {"WEAPON": "arms"}, "roles": {"WEAPON": "what is used", "BY": "who"}}
    ontology = Ontology.from_dict(data)
    assert ontology.definitions == {"WEAPON": "arms", "roles.WEAPON": "what is used", "BY": "who"}
    assert Ontology.from_dict(ontology.to_dict()) == ontology


def test_fillers_limit_a_role_and_leave_others_open():
    assert FULL.may_fill("AT", "場所")
    assert not FULL.may_fill("AT", "WHO")
    assert FULL.may_fill("BY", "WHO")
    assert FULL.may_fill("BY", "場所")


def test_role_without_fillers_takes_nothing():
    ontology = Ontology.from_dict({"entity_types": ["A"], "roles": {"R": {"fillers": []}}})
    assert not ontology.may_fill("R", "A")


def test_first_realis_value_is_actual():
    assert FULL.is_actual("actual")
    assert not FULL.is_actual("other")
    assert not FULL.is_actual("")
    assert Ontology().is_actual("")


@pytest.mark.parametrize("section", ["entity_types", "event_types", "roles", "realis"])
@pytest.mark.parametrize(
    "name", ["", "a b", "a\tb", "a\u00a0b", "[a", "a]", "{a", "a}", "a\\", "a=b", "a,b", 7, None]
)
def test_name_that_cannot_be_a_label(section, name):
    with pytest.raises(OntologyError, match=rf"^{section}: .* cannot be a label; expected text"):
        Ontology(**{section: (name,)})
    with pytest.raises(OntologyError, match=rf"^{section}: .* cannot be a label; expected text"):
        Ontology.from_dict({section: ["fine", name]})


@pytest.mark.parametrize("name", ["A-b_c.d", "é", "場所", "1", "#", "'"])
def test_name_that_can_be_a_label(name):
    assert Ontology.from_dict({"roles": [name]}).roles == (name,)


@pytest.mark.parametrize("section", ["entity_types", "event_types", "roles", "realis"])
def test_name_given_twice(section):
    with pytest.raises(OntologyError, match=rf"{section}: a name is given twice in \['A', 'B', 'A'\]"):
        Ontology(**{section: ("A", "B", "A")})


def test_type_of_mentions_and_events_at_once():
    with pytest.raises(OntologyError, match=r"\['B'\] are entity types and event types at once; rename one"):
        Ontology(("A", "B"), ("B", "C"))


def test_role_may_have_the_name_of_a_type():
    assert Ontology(("WEAPON",), (), ("WEAPON",)).roles == ("WEAPON",)


@pytest.mark.parametrize("fillers", [{"AT": {"B"}}, {"AT": {"A", "E"}}, {"NONE": {"A"}}])
def test_fillers_are_entity_types_of_roles(fillers):
    frozen = {role: frozenset(types) for role, types in fillers.items()}
    with pytest.raises(OntologyError, match=r"roles\.\w+: fillers .* must be entity types of this ontology"):
        Ontology(("A",), ("E",), ("AT",), fillers=frozen)
    with pytest.raises(OntologyError, match=r"roles\.\w+: fillers"):
        Ontology.from_dict(
            {"entity_types": ["A"], "event_types": ["E"], "roles": ["AT"], "fillers": frozen_lists(frozen)}
        )


def frozen_lists(fillers):
    return {role: sorted(types) for role, types in fillers.items()}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, r"expected a mapping with \[.*'entity_types'.*\], got NoneType"),
        (["A"], "expected a mapping with .*, got list"),
        ({"entity_type": ["A"]}, r"unknown keys \['entity_type'\]; expected"),
        ({1: 2, "x": 3}, r"unknown keys \['1', 'x'\]; expected"),
        ({"entity_types": "A"}, "entity_types: expected a list or a mapping of names, got 'A'"),
        ({"roles": 5}, "roles: expected a list or a mapping of names, got 5"),
        ({"realis": [["A"]]}, r"realis: \['A'\] cannot be a label"),
        (
            {"roles": {"R": {"fillers": "A"}}},
            r"roles\.R\.fillers: expected a list or a mapping of names, got 'A'",
        ),
        ({"roles": ["R"], "fillers": {"R": "A"}}, r"fillers\.R: expected a list or a mapping of names"),
        ({"roles": ["R"], "fillers": {"R": ["A", 1, ["B"]]}}, r"fillers\.R: 1 cannot be a label"),
        ({"roles": ["R"], "fillers": ["R"]}, r"fillers: expected a mapping by name, got \['R'\]"),
        ({"definitions": "A"}, "definitions: expected a mapping by name, got 'A'"),
        ({"version": "2"}, "exclusive_event_types must be true or false, and version a number"),
        ({"exclusive_event_types": 1}, "exclusive_event_types must be true or false"),
    ],
)
def test_malformed_data(data, message):
    with pytest.raises(OntologyError, match=message):
        Ontology.from_dict(data)


def test_ontology_is_frozen_and_its_error_is_for_users():
    with pytest.raises(dataclasses.FrozenInstanceError):
        FULL.version = 5
    assert issubclass(OntologyError, ConflictCoderError)
