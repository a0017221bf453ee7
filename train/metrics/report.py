"""All metrics of a set of documents, and how they are printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from conflictcoder.document import Document
from conflictcoder.labels import LabelSpace
from train.metrics.items import (
    argument_items,
    argument_span_items,
    event_type_items,
    mention_items,
    realis_by_trigger,
    realis_items,
    trigger_items,
    trigger_span_items,
)
from train.metrics.scoring import mean_set_f1, score, score_realis

Pairs = Sequence[tuple[Document, Document]]

_LAYER_METRICS = {
    "entities": {"entity_f1": mention_items},
    "event_types": {"event_type_f1": event_type_items},
    "events": {"trig_c": trigger_items, "trig_i": trigger_span_items},
    "arguments": {"arg_c": argument_items, "arg_i": argument_span_items},
}
# The layer that a metric with a single number scores.
METRIC_LAYERS = {name: layer for layer, functions in _LAYER_METRICS.items() for name in functions} | {
    "event_type_macro_f1": "event_types",
    "example_f1": "event_types",
}
HEADLINES = {
    "entity_f1": "entity F1",
    "event_type_f1": "event-type F1",
    "trig_i": "Trig-I",
    "trig_c": "Trig-C",
    "arg_i": "Arg-I",
    "arg_c": "Arg-C",
}
# One a layer, counted by type.
MAIN = ("entity_f1", "event_type_f1", "trig_c", "arg_c")


def compute_metrics(pairs: Pairs, labels: LabelSpace, *, intervals: bool = True) -> dict[str, Any]:
    """Compute every metric of DESIGN.md for the layers that a model predicts.

    Args:
        pairs: For each article the predicted and the gold document, with the same sentences.
        labels: What the model predicts.
        intervals: Whether to draw bootstrap intervals, which takes most of the time.

    Returns:
        Plain data for metrics.json.

    Raises:
        ValueError: A predicted document has other sentences than its gold document.
    """
    for predicted, gold in pairs:
        if [item.text for item in predicted.sentences] != [item.text for item in gold.sentences]:
            raise ValueError(f"{gold.id}: predictions and gold have different sentences; none may be dropped")
    metrics: dict[str, Any] = {
        "articles": len(pairs),
        "sentences": sum(len(gold.sentences) for _, gold in pairs),
    }
    for layer, functions in _LAYER_METRICS.items():
        if layer in labels.layers:
            for name, items in functions.items():
                found = [(items(guess), items(truth)) for guess, truth in pairs]
                metrics[name] = score(found, interval=intervals).to_dict()
    if "event_types" in labels.layers:
        metrics["event_type_macro_f1"] = metrics["event_type_f1"]["macro_f1"]
        metrics["example_f1"] = round(example_f1(pairs), 4)
    if "realis" in labels.layers:
        metrics["realis_accuracy"] = score_realis(
            [(realis_by_trigger(guess), realis_by_trigger(truth)) for guess, truth in pairs],
            interval=intervals,
        )
        # Most events are actual, so the accuracy alone says little of the others.
        values = [(realis_items(guess), realis_items(truth)) for guess, truth in pairs]
        metrics["realis_f1"] = score(values, interval=intervals).to_dict()
    metrics["mean"] = round(_mean([metrics[name]["f1"] for name in MAIN if name in metrics]), 4)
    return metrics


def f1_scores(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The F1 of each headline metric that there is."""
    return {name: metrics[name]["f1"] for name in HEADLINES if name in metrics}


def headline(metrics: Mapping[str, Any], name: str) -> float:
    """The one number of a metric."""
    value = metrics[name]
    return float(value["f1"] if isinstance(value, Mapping) else value)


def example_f1(pairs: Pairs) -> float:
    """Mean over sentences of the F1 of their event types, where gold or prediction has any."""
    return mean_set_f1(
        ({entry.type for entry in guess.event_types}, {entry.type for entry in truth.event_types})
        for predicted, gold in pairs
        for guess, truth in zip(predicted.sentences, gold.sentences, strict=True)
    )


def print_report(metrics: Mapping[str, Any], console: Console) -> None:
    """Print the headline table and a table by type for each metric."""
    columns = ("metric", "F1", "95 % interval", "precision", "recall", "macro F1", "right", "found", "gold")
    table = Table(title=f"{metrics['articles']} articles, {metrics['sentences']} sentences")
    for column in columns:
        table.add_column(column, justify="left" if column == "metric" else "right")
    for name, title in HEADLINES.items():
        if name in metrics:
            table.add_row(title, *_cells(metrics[name]))
    console.print(table)
    if "realis_accuracy" in metrics:
        realis = metrics["realis_accuracy"]
        counts = f"{realis['correct']} of {realis['found']} triggers found"
        interval = "" if not realis["interval"] else " ({:.3f} to {:.3f})".format(*realis["interval"])
        console.print(f"realis accuracy {realis['accuracy']:.3f}{interval}, {counts}")
        console.print(_label_table("trigger with its realis", metrics["realis_f1"]["by_label"]))
    for name in MAIN:
        if metrics.get(name, {}).get("by_label"):
            console.print(_label_table(HEADLINES[name], metrics[name]["by_label"]))


def _cells(values: Mapping[str, Any]) -> list[str]:
    interval = values["interval"]
    return [
        f"{values['f1']:.3f}",
        f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else "",
        f"{values['precision']:.3f}",
        f"{values['recall']:.3f}",
        f"{values['macro_f1']:.3f}",
        str(values["correct"]),
        str(values["predicted"]),
        str(values["gold"]),
    ]


def _label_table(title: str, rows: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(title=f"{title} by type")
    for column in ("type", "F1", "precision", "recall", "right", "found", "gold"):
        table.add_column(column, justify="left" if column == "type" else "right")
    for label, row in rows.items():
        scores = [f"{row[key]:.3f}" for key in ("f1", "precision", "recall")]
        table.add_row(label, *scores, *(str(row[key]) for key in ("correct", "predicted", "gold")))
    return table


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
