import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from train.evaluation import evaluate_coder
from train.labelled import LabelledDocument
from train.report.examples import choose_examples
from train.report.page import write_report

HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(2)> {{ 7*7 }} $x$ \x00 \ud800'
URL_ATTRIBUTES = {"src", "href", "action", "data", "xlink:href", "srcset", "poster"}


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.urls, self.handlers, self.text = [], [], [], ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.urls += [value for name, value in attrs if name in URL_ATTRIBUTES]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def evaluation(tiny_run, ten):
    return evaluate_coder(tiny_run, [ten])


def with_hostile_text(evaluation):
    """The evaluation with hostile text in every sentence, ids and labels."""

    def spoil(document):
        sentences = [replace(sentence, text=sentence.text + " " + HOSTILE) for sentence in document.sentences]
        return replace(document, id=HOSTILE, sentences=tuple(sentences))

    (predicted, gold) = evaluation.pairs[0]
    missed = replace(spoil(predicted).sentences[0], entities=(), events=())
    wrong = replace(spoil(predicted), sentences=(missed, *spoil(predicted).sentences[1:]))
    by_label = {HOSTILE: evaluation.metrics["entity_f1"]["by_label"]["LOCATION"]}
    metrics = evaluation.metrics | {"entity_f1": evaluation.metrics["entity_f1"] | {"by_label": by_label}}
    return replace(evaluation, metrics=metrics, pairs=[(wrong, spoil(gold))])


def test_page_needs_nothing_but_itself(evaluation, tiny_run, tmp_path):
    write_report(evaluation, tmp_path / "report.html", title="tiny", run=tiny_run)
    page = Page(tmp_path / "report.html")
    assert all(url.startswith(("#", "data:image/svg+xml;base64,")) for url in page.urls)
    assert page.tags.count("img") == 6  # reliability, two kinds of curves, two of confusion, learning
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    markup = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"url\((?!#)|@import", markup)
    assert "default-src 'none'" in markup
    for heading in ("Operating points", "Calibration", "Confusion between types", "Learning curve", "Right"):
        assert heading in page.text
    assert "TERRITORY_CAPTURE" in page.text
    assert page.text.count("airstrike") >= 2  # gold next to predicted


def test_hostile_text_is_shown_and_does_not_run(evaluation, tmp_path):
    write_report(with_hostile_text(evaluation), tmp_path / "report.html", title=HOSTILE)
    page = Page(tmp_path / "report.html")
    assert not {"script"} & set(page.tags)
    assert page.tags.count("img") == 5
    assert page.handlers == []
    assert "<script>alert(1)</script>" in page.text
    assert "7*7" in page.text


def test_report_without_a_run_has_no_learning_curve(evaluation, tmp_path):
    write_report(evaluation, tmp_path / "report.html", title="tiny")
    assert "Learning curve" not in (tmp_path / "report.html").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="evidence"):
        write_report(replace(evaluation, evidence=None), tmp_path / "report.html", title="tiny")


def test_log_of_a_killed_run(evaluation, tmp_path):
    (tmp_path / "log.jsonl").write_text(json.dumps({"step": 1, "loss": 2.0}) + '\n[1]\n{"step": 2, "lo')
    write_report(evaluation, tmp_path / "report.html", title="tiny", run=tmp_path)
    assert "Learning curve" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_model_with_one_head_has_a_report(ten, ontology, tmp_path, tiny_run):
    only = LabelledDocument(ten.document, frozenset({"event_types"}))
    few = evaluate_coder(tiny_run, [only])
    write_report(few, tmp_path / "report.html", title="few layers")
    assert "event_types" in few.metrics["calibration"]["heads"]
    assert "mentions" not in few.metrics["calibration"]["heads"]


def test_first_realis_of_the_ontology_goes_without_saying(evaluation):
    ontology = evaluation.labels.ontology
    turned = replace(evaluation.labels, ontology=replace(ontology, realis=ontology.realis[::-1]))
    told = []
    for labels in (evaluation.labels, turned):
        right, _ = choose_examples(evaluation.pairs, labels)
        names = [box.span.label for example in right for box in example.gold.boxes if box.span.trigger]
        told.append(sum(name.endswith(" (actual)") for name in names))
    assert told[0] == 0 < told[1]


def test_examples_show_right_and_wrong_and_are_the_same_each_time(evaluation):
    right, wrong = choose_examples(with_hostile_text(evaluation).pairs, evaluation.labels)
    assert {example.number for example in wrong} == {1}
    assert wrong[0].missed
    assert not wrong[0].predicted.boxes
    assert all(box.span.wrong for box in wrong[0].gold.boxes)
    assert 0 < len(right) <= 6
    assert all(not box.span.wrong for example in right for box in example.predicted.boxes)
    again, _ = choose_examples(with_hostile_text(evaluation).pairs, evaluation.labels)
    assert [example.number for example in right] == [example.number for example in again]
