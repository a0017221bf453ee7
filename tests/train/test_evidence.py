from dataclasses import replace

import pytest

from conflictcoder import EventCoder
from train.evaluation import evaluate_coder
from train.evidence import Evidence
from train.features import window_documents


@pytest.fixture(scope="module")
def evaluation(tiny_run, ten):
    return evaluate_coder(tiny_run, [ten])


def test_calibration_of_every_head_is_told_before_and_after(evaluation, tiny_run):
    told = evaluation.metrics["calibration"]
    fitted = EventCoder.from_pretrained(tiny_run).config.calibration
    assert told["temperatures"] == {
        head: getattr(fitted, f"{head}_temperature")
        for head in ("spans", "event_types", "arguments", "realis")
    }
    heads = ["mentions", "triggers", "found_arguments", "event_types", "arguments", "realis"]
    assert list(told["heads"]) == heads
    for head in told["heads"].values():
        assert 0 <= head["ece_after"] <= 1
        assert 0 <= head["ece_before"] <= 1
    sentences, types = evaluation.metrics["sentences"], len(evaluation.labels.ontology.event_types)
    assert told["heads"]["event_types"]["items"] == sentences * types
    assert told["heads"]["mentions"]["items"] == evaluation.metrics["entity_f1"]["predicted"]
    assert told["heads"]["found_arguments"]["items"] == evaluation.metrics["arg_c"]["predicted"]
    assert told["heads"]["realis"]["items"] == evaluation.metrics["trig_c"]["gold"]


def test_before_is_without_temperatures_and_after_with_them(tiny_run, ten):
    """The model knows the sentences by heart, so softened probabilities are too low."""
    coder = EventCoder.from_pretrained(tiny_run)
    (document,) = window_documents([ten], coder.encoder)
    soft = replace(coder.config.calibration, spans_temperature=5.0, event_types_temperature=5.0)
    evidence = Evidence(coder.config.labels, soft)
    evidence.add(document, coder.runtime.run(document.windows))
    heads = evidence.to_dict()["calibration"]["heads"]
    for head in ("mentions", "triggers", "event_types"):
        assert heads[head]["ece_before"] < 0.05 < heads[head]["ece_after"]


def test_balanced_point_is_what_was_scored(evaluation):
    points = evaluation.metrics["operating_points"]
    assert list(points) == ["precision", "balanced", "recall"]
    for name in ("entity_f1", "event_type_f1", "trig_c", "arg_c"):
        for key in ("precision", "recall", "f1"):
            assert points["balanced"][name][key] == evaluation.metrics[name][key]


def test_curves_have_every_gold_label_and_meet_the_threshold(evaluation):
    curves = evaluation.metrics["curves"]
    gold = {name: row["gold"] for name, row in evaluation.metrics["event_type_f1"]["by_label"].items()}
    assert {name: curve["gold"] for name, curve in curves["event_types"].items()} == gold
    roles = evaluation.metrics["arg_c"]["by_label"]
    assert set(curves["arguments"]) == {name for name, row in roles.items() if row["gold"]}
    threshold = evaluation.evidence.calibration.event_types_threshold
    for name, curve in evaluation.evidence.curves()["event_types"].items():
        row = evaluation.metrics["event_type_f1"]["by_label"][name]
        assert curve.at(threshold)[1] == pytest.approx(row["recall"], abs=1e-4)
