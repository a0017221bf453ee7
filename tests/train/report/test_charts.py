import base64
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from train.metrics.calibration_error import reliability_bins
from train.metrics.confusion import Confusion
from train.metrics.curves import precision_recall_curve
from train.report.charts import confusion_chart, curve_chart, learning_chart, reliability_chart

HOSTILE = "<script>alert(1)</script> & $x^2$ တိုက်ပွဲ"


def parse(uri):
    """The picture's root; it is well-formed, and nothing in it can run or be fetched."""
    head, _, data = uri.partition(",")
    assert head == "data:image/svg+xml;base64"
    root = ET.fromstring(base64.b64decode(data))
    assert not [element for element in root.iter() if element.tag.endswith(("script", "foreignObject"))]
    links = [value for element in root.iter() for name, value in element.items() if name.endswith("href")]
    assert all(link.startswith(("#", "data:")) for link in links)
    return root


def curve(scores, correct, gold):
    return precision_recall_curve(np.array(scores, dtype=float), np.array(correct, dtype=bool), gold)


def make_curves():
    curves = {HOSTILE: curve([0.9, 0.4], [True, False], 2), "nothing found": curve([], [], 3)}
    return curve_chart(curves, {"balanced": 0.5, "recall": 0.1})


def make_reliability():
    bins = reliability_bins([0.2, 0.9], [False, True])
    return reliability_chart({"mentions": {"before": bins, "after": bins}})


def make_confusion():
    return confusion_chart(Confusion((HOSTILE, "(s)"), (HOSTILE, "(m)"), np.array([[3, 0], [1, 0]])))


def make_learning():
    log = [{"step": 1, "loss": 3.0}, {"step": 2, "eval_loss": 1.0, "eval_f": 0.5}, {"loss": 9.0}]
    return learning_chart(log, {"f": HOSTILE})


@pytest.mark.parametrize("make", [make_curves, make_reliability, make_confusion, make_learning])
def test_chart_is_a_picture_that_holds_all_it_needs_and_is_the_same_each_time(make):
    picture = make()
    assert parse(picture).tag.endswith("svg")
    assert make() == picture


def test_many_labels_make_rows():
    one, many = (
        float(
            parse(curve_chart({str(n): curve([0.5], [True], 1) for n in range(count)}, {})).get("height")[:-2]
        )
        for count in (1, 17)
    )
    assert many > 2 * one
