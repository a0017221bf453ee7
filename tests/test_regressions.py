"""Past mistakes: never trained on, and no fewer of them right than before."""

import json
import sys

import pytest

from conflictcoder import EventCoder
from train.config import load_config
from train.data.ontology_file import load_ontology
from train.data.reading import load_corpus, read_annotated

from .conftest import ROOT


@pytest.fixture(scope="module")
def regressions():
    return read_annotated([ROOT / "data" / "regressions"], load_ontology(ROOT / "data" / "ontology.yaml"))


def test_no_regression_is_in_the_corpus(regressions):
    corpus = load_corpus(load_config(ROOT / "configs" / "student.toml").data)
    known = {
        sentence.text
        for documents in corpus.sets.values()
        for item in documents
        for sentence in item.document.sentences
    }
    assert regressions
    assert not [s.text for item in regressions for s in item.document.sentences if s.text in known]


def test_the_shipped_bundle_passes_as_many_as_are_recorded(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])
    from measure_regressions import count_passed

    recorded = json.loads((ROOT / "results" / "regressions.json").read_text())
    assert count_passed(EventCoder.from_pretrained()) == recorded
    assert recorded["passed"] > 0
