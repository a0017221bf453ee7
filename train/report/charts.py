"""The report's pictures, as SVG that needs nothing else.

Colours are those of Okabe and Ito (2008), which colour-blind readers can tell apart, and no picture
relies on colour alone: lines differ in their markers, and cells have their numbers.
"""

from __future__ import annotations

import base64
import io
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from train.metrics.calibration_error import ReliabilityBin, expected_calibration_error
from train.metrics.confusion import Confusion
from train.metrics.curves import Curve

BLUE, ORANGE, GREEN, PINK, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#555555"
_STYLE: dict[str, Any] = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 8,
    "svg.hashsalt": "conflictcoder",
    "text.parse_math": False,  # a dollar sign in a label is a dollar sign
}
_SERIES = (("o", BLUE), ("s", ORANGE), ("^", GREEN), ("D", PINK))


def reliability_chart(heads: Mapping[str, Mapping[str, Sequence[ReliabilityBin]]]) -> str:
    """Accuracy against probability of each head, before and after calibration."""
    figure, axes = _grid(len(heads), columns=6, size=(2.0, 2.6))
    for axis, (head, stages) in zip(axes, heads.items(), strict=True):
        axis.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
        for (stage, bins), (marker, colour) in zip(stages.items(), (("s", ORANGE), ("o", BLUE)), strict=True):
            sizes = [6 + 60 * entry.items / max(other.items for other in bins) for entry in bins]
            x, y = [entry.confidence for entry in bins], [entry.accuracy for entry in bins]
            axis.plot(x, y, color=colour, linewidth=1, linestyle="-" if stage == "after" else ":")
            face = colour if stage == "after" else "white"
            axis.scatter(
                x,
                y,
                sizes,
                marker=marker,
                facecolor=face,
                edgecolor=colour,
                label=f"{stage} calibration",
                zorder=3,
            )
        before, after = (expected_calibration_error(stages[stage]) for stage in ("before", "after"))
        axis.set_title(f"{head}\nECE {before:.3f} → {after:.3f}", fontsize=8)
        axis.set(xlabel="probability", xlim=(-0.04, 1.04), ylim=(-0.04, 1.04), aspect="equal")
    axes[0].set_ylabel("share that is right")
    _shared_legend(figure, axes)
    return _image(figure)


def curve_chart(curves: Mapping[str, Curve], points: Mapping[str, float]) -> str:
    """Precision and recall of each label over all thresholds.

    Args:
        curves: The curves.
        points: The threshold of each operating point, by its name.
    """
    figure, axes = _grid(len(curves), columns=6, size=(1.95, 1.95))
    for axis, (label, curve) in zip(axes, curves.items(), strict=True):
        if len(curve.thresholds):
            # Once everything that can be found is found, a lower threshold only adds mistakes.
            kept = int(curve.recall.argmax()) + 1
            recall = np.concatenate([[0.0], curve.recall[:kept]])
            precision = np.concatenate([curve.precision[:1], curve.precision[:kept]])
            axis.step(recall, precision, where="pre", color=GREY, linewidth=1.2)
        for (name, threshold), (marker, colour) in zip(points.items(), _SERIES, strict=False):
            x, found = curve.at(threshold)[::-1]
            if found is not None:
                axis.plot(x, found, marker, color=colour, markersize=5, label=name, markeredgecolor="white")
        axis.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.05), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
        axis.set_title(f"{_short(label)}\nAP {curve.average_precision:.2f}, gold {curve.gold}", fontsize=7)
        axis.grid(color="#eeeeee")
    for axis in axes[::6]:
        axis.set_ylabel("precision")
    for axis in axes[-6:]:
        axis.set_xlabel("recall")
    _shared_legend(figure, axes)
    return _image(figure)


def confusion_chart(table: Confusion) -> str:
    """Counts of gold against predicted types; the darker a cell, the greater its share of the row."""
    size = len(table.rows)
    side = 2.6 + 0.34 * size
    with rc_context(_STYLE):
        figure = Figure(figsize=(side, side * 0.86), layout="constrained")
        axis = figure.subplots()
        shares = table.counts / np.maximum(table.counts.sum(axis=1, keepdims=True), 1)
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for row, column in zip(*table.counts.nonzero(), strict=True):
            ink = "white" if shares[row, column] > 0.55 else "black"
            count = str(table.counts[row, column])
            axis.text(column, row, count, ha="center", va="center", color=ink, fontsize=7)
        axis.set_xticks(range(size), map(_short, table.columns), rotation=60, ha="right", fontsize=7)
        axis.set_yticks(range(size), map(_short, table.rows), fontsize=7)
        axis.set_xticks(np.arange(0.5, size - 1), minor=True)
        axis.set_yticks(np.arange(0.5, size - 1), minor=True)
        axis.grid(which="minor", color="#e4e4e4", linewidth=0.6)
        axis.tick_params(which="both", length=0)
        axis.set(xlabel="predicted", ylabel="gold")
    return _image(figure)


def learning_chart(log: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> str:
    """Loss and development metrics over steps.

    Args:
        log: Lines of a run's log.jsonl.
        titles: Names of the metrics to draw and what to call them.
    """
    with rc_context(_STYLE):
        figure = Figure(figsize=(10, 3.0), layout="constrained")
        left, right = figure.subplots(1, 2)
        for key, label, marker, colour in (
            ("loss", "training", "o", ORANGE),
            ("eval_loss", "development", "s", BLUE),
        ):
            _plot_logged(left, log, key, label, (marker, colour))
        for (name, title), series in zip(titles.items(), _SERIES, strict=False):
            _plot_logged(right, log, f"eval_{name}", title, series)
        left.set(title="loss", xlabel="step")
        right.set(title="development F1", xlabel="step", ylim=(-0.02, 1.02))
        for axis in (left, right):
            axis.grid(color="#eeeeee")
            if axis.get_legend_handles_labels()[0]:
                axis.legend(frameon=False)
    return _image(figure)


def _plot_logged(
    axis: Axes, log: Sequence[Mapping[str, Any]], key: str, label: str, series: tuple[str, str]
) -> None:
    values = [(line["step"], line[key]) for line in log if key in line and "step" in line]
    if values:
        marker, colour = series
        axis.plot(*zip(*values, strict=True), marker=marker, color=colour, label=label, markersize=3.5)


def _grid(count: int, *, columns: int, size: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    """A figure with so many axes, a few in each row."""
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    with rc_context(_STYLE):
        figure = Figure(figsize=(size[0] * columns, size[1] * rows + 0.3), layout="constrained")
        axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axis in axes[count:]:
        axis.remove()
    return figure, axes[:count]


def _shared_legend(figure: Figure, axes: Sequence[Axes]) -> None:
    known: dict[str, Any] = {}
    for axis in axes:
        known |= {str(label): handle for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    if known:
        figure.legend(known.values(), known, loc="outside upper left", ncols=len(known), frameon=False)


def _short(label: str) -> str:
    return label if len(label) <= 26 else f"{label[:25]}…"


def _image(figure: Figure) -> str:
    """The figure as a data URI: inside an image element nothing can run and no two ids meet."""
    stream = io.BytesIO()
    with rc_context(_STYLE), warnings.catch_warnings():
        # Labels may be in a script that the font lacks; they are boxes then, which is no reason to fail.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
