"""Writes the report of an evaluation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from conflictcoder.calibration import Calibration
from conflictcoder.unicode import encodable
from train.evaluation import Evaluation
from train.files import write_text
from train.metrics.confusion import confusion
from train.metrics.items import mention_items, trigger_items
from train.metrics.report import HEADLINES, MAIN
from train.report.arcs import WIDTH
from train.report.charts import confusion_chart, curve_chart, learning_chart, reliability_chart
from train.report.examples import choose_examples

LOG = "log.jsonl"
_THRESHOLDS = {"event_types": "event_types_threshold", "arguments": "arguments_threshold"}
_CURVE_TITLES = {"event_types": "Event types", "arguments": "Roles of arguments"}


def write_report(evaluation: Evaluation, path: Path, *, title: str, run: Path | None = None) -> None:
    """Write one HTML file that holds all it shows and asks the network for nothing.

    Args:
        evaluation: An evaluation with its evidence.
        path: The file.
        title: What was evaluated on what.
        run: Run folder, whose log, if it has one, is drawn as a learning curve.

    Raises:
        ValueError: The evaluation has no evidence.
    """
    evidence = evaluation.evidence
    if evidence is None:
        raise ValueError("the report needs the scores of the model: expected an Evaluation with evidence")
    # Sentences are whatever somebody wrote on the web: everything is escaped, and the page forbids scripts.
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    right, wrong = choose_examples(evaluation.pairs, evaluation.labels)
    reliability = evidence.reliability()
    page = environment.get_template("page.html").render(
        title=title,
        metrics=evaluation.metrics,
        headlines=HEADLINES,
        by_type={name: HEADLINES[name] for name in MAIN},
        confusions=_confusions(evaluation),
        curves={
            _CURVE_TITLES[layer]: curve_chart(curves, _thresholds(evidence.calibration, layer))
            for layer, curves in evidence.curves().items()
            if curves
        },
        reliability=reliability_chart(reliability) if reliability else "",
        learning=_learning(run),
        examples={"Wrong": wrong, "Right": right},
        width=WIDTH,
    )
    write_text(encodable(page), path)


def _confusions(evaluation: Evaluation) -> dict[str, str]:
    labels = evaluation.labels
    kinds = {
        "Mentions": (labels.mention_types, mention_items),
        "Triggers": (labels.trigger_types, trigger_items),
    }
    return {
        title: confusion_chart(
            confusion([(items(guess), items(truth)) for guess, truth in evaluation.pairs], types)
        )
        for title, (types, items) in kinds.items()
        if types
    }


def _thresholds(calibration: Calibration, layer: str) -> dict[str, float]:
    points = {"balanced": calibration, **calibration.operating_points}
    return {name: getattr(point, _THRESHOLDS[layer]) for name, point in points.items()}


def _learning(run: Path | None) -> str:
    if run is None or not (run / LOG).is_file():
        return ""
    log: list[Mapping[str, Any]] = []
    for line in (run / LOG).read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(ValueError):  # a run that was killed may have left half a line
            entry = json.loads(line)
            log += [entry] if isinstance(entry, dict) else []
    return learning_chart(log, {name: HEADLINES[name] for name in MAIN}) if log else ""
