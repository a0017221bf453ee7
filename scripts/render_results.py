"""Renders the numbers in README.md, model_card.md and data/DATASHEET.md from what was measured.

python scripts/render_results.py          # write
python scripts/render_results.py --check  # fail if a file is not up to date
"""

from __future__ import annotations

import io
import re
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from conflictcoder import EventCoder
from conflictcoder.tables import TableWriter
from train.files import read_json
from train.metrics.report import HEADLINES, MAIN

ROOT = Path(__file__).parent.parent
EXAMPLE = """\
Resistance fighters captured two army outposts near Hsihseng on Tuesday, killing at least 14 soldiers.
Hundreds of villagers fled to Taunggyi after jets bombed the town, residents said.
The junta has threatened to send reinforcements."""


def shipped_metrics(name: str) -> dict[str, Any]:
    """Metrics of the shipped bundle, from a file in results/."""
    metrics: dict[str, Any] = read_json(ROOT / "results" / name)["metrics"]
    return metrics


def cell(metrics: Mapping[str, Any], name: str) -> str:
    """F1 with its interval."""
    values = metrics[name]
    low, high = values["interval"]
    return f"{values['f1']:.3f} ({low:.3f}–{high:.3f})"


def results_table() -> str:
    """One row an experiment, baselines first, in the order of the file names; one column a metric."""
    lines = ["| | " + " | ".join([*HEADLINES.values(), "realis accuracy"]) + " |"]
    lines.append("|---|" + "---|" * (len(HEADLINES) + 1))
    results = ROOT / "results"
    for path in [*sorted((results / "baselines").glob("*.json")), *sorted(results.glob("[0-9]*.json"))]:
        result = read_json(path)
        metrics = result["metrics"]
        cells = [cell(metrics, name) if name in metrics else "" for name in HEADLINES]
        accuracy = metrics.get("realis_accuracy", {}).get("accuracy")
        cells.append("" if accuracy is None else f"{accuracy:.3f}")
        lines.append(f"| {result['title']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def learning_curve() -> str:
    """Mean and standard deviation over the seeds, for each share of the training reports."""
    result = read_json(ROOT / "results" / "learning_curve.json")
    points = result["points"]
    lines = _spread_header("share of the reports")
    for part in ("test", "dev"):
        sets = ", ".join(result["config"]["data"][part])
        for share in sorted({point["share"] for point in points}):
            runs = [point[part] for point in points if point["share"] == share]
            lines.append(f"| {share} % | {sets} | {_spread_cells(runs)} |")
    return "\n".join(lines) + f"\n\n{_seeds(points)}"


def heads_table() -> str:
    """Mean and standard deviation over the seeds, for the backbone with some of the heads and with all."""
    titles = {
        "entities": "mentions",
        "events": "triggers",
        "event_types": "event types",
        "arguments": "mentions, triggers, arguments",
        "all": "all",
    }
    result = read_json(ROOT / "results" / "heads.json")
    points = result["points"]
    lines = _spread_header("heads")
    for part in ("test", "dev"):
        sets = ", ".join(result["config"]["data"][part])
        for name, title in titles.items():
            runs = [point[part] for point in points if point["heads"] == name]
            lines.append(f"| {title} | {sets} | {_spread_cells(runs)} |")
    return "\n".join(lines) + f"\n\n{_seeds(points)}"


def _spread_header(first: str) -> list[str]:
    names = [HEADLINES[name] for name in MAIN]
    return [f"| {first} | on | {' | '.join(names)} |", "|---" * (2 + len(names)) + "|"]


def _spread_cells(runs: Sequence[Mapping[str, float]]) -> str:
    """Mean and standard deviation of each metric that the runs have."""
    cells = []
    for name in MAIN:
        scores = [run[name] for run in runs if name in run]
        cells.append(f"{statistics.mean(scores):.3f} ± {statistics.stdev(scores):.3f}" if scores else "")
    return " | ".join(cells)


def _seeds(points: Sequence[Mapping[str, Any]]) -> str:
    seeds = ", ".join(str(seed) for seed in sorted({point["seed"] for point in points}))
    return f"Mean and standard deviation over the seeds {seeds}."


def benchmark_table() -> str:
    """Public data sets: the mean over seeds beside the best public number."""
    lines = ["| data set, metric | backbone | seeds | ours | best public |", "|---|---|---|---|---|"]
    for entry in read_json(ROOT / "results" / "benchmarks.json"):
        data = entry["name"].removesuffix(f"-{Path(entry['backbone']).name}")
        for name, values in entry["metrics"].items():
            spread = "" if values["spread"] is None else f" ± {values['spread']:.1f}"
            known = values["published"]
            public = f"{known['score']:.1f} ({known['model']})" if known else ""
            ours = f"{values['mean']:.1f}{spread}"
            seeds = ", ".join(str(seed) for seed in entry["seeds"])
            lines.append(f"| {data}, {name} | {entry['backbone']} | {seeds} | {ours} | {public} |")
    return "\n".join(lines)


def speed_table() -> str:
    """Sentences a second, and how much faster the coder is."""
    result = read_json(ROOT / "results" / "speed.json")
    rates = result["sentences_per_second"]
    own = rates["conflictcoder"]["median"]
    lines = ["| | sentences a second (least to most) | conflictcoder is faster by |", "|---|---|---|"]
    for name, rate in rates.items():
        batch = f", batch of {rate['batch_size']}" if "batch_size" in rate else ""
        factor = f"{own / rate['median']:.1f} ×"
        lines.append(
            f"| {name}{batch} | {rate['median']:.0f} ({rate['min']:.0f} to {rate['max']:.0f}) | {factor} |"
        )
    machine = ", ".join(f"{key} {value}" for key, value in result["machine"].items())
    return (
        "\n".join(lines) + f"\n\nMedians of {result['runs']} runs over {result['articles']} articles "
        f"({result['sentences']} sentences, of which the pipelines get the first quarter, divided already); "
        f"conflictcoder runs in int8, the pipelines in fp32; {machine}. "
        f"From the start of the process to the first coded sentence: {result['first_sentence_seconds']} s. "
        "Outside the network, in splitting, tokenising, "
        f"decoding and JSON, one worker spends {100 * result['share_outside_network']:.1f} % of its time. "
        f"Peak memory of coding {result['streamed_articles']:,} articles with one worker: "
        f"{result['peak_memory_mb']:.0f} MB."
    )


def type_tables() -> str:
    """For each metric the scores of every type, on the five articles."""
    metrics = shipped_metrics("5-shipped.json")
    parts = []
    for name in MAIN:
        parts += [
            f"**{HEADLINES[name]}**",
            "",
            "| type | F1 | precision | recall | gold |",
            "|---|---|---|---|---|",
        ]
        for label, row in metrics[name]["by_label"].items():
            scores = " | ".join(f"{row[key]:.3f}" for key in ("f1", "precision", "recall"))
            parts.append(f"| {label} | {scores} | {row['gold']} |")
        parts.append("")
    return "\n".join(parts).rstrip()


def model_index() -> str:
    """The metrics of the hub's metadata, on the five articles."""
    metrics = shipped_metrics("5-shipped.json")
    lines = []
    for name, title in HEADLINES.items():
        lines += ["    - type: f1", f"      name: {title}", f"      value: {metrics[name]['f1']:.4f}"]
    return "\n".join(lines)


def agreement() -> str:
    """How the int8 bundle's answers agree with the checkpoint's."""
    export = read_json(ROOT / "conflictcoder" / "bundle" / "config.json")["provenance"]["export"]
    values = ", ".join(f"{kind} {value:.3f}" for kind, value in export["agreement_with_torch_f1"].items())
    return f"F1 of the int8 bundle's answers against the fp32 checkpoint's, on the five articles: {values}."


def calibration() -> str:
    """Calibration errors by head, and precision and recall at the operating points."""
    metrics = shipped_metrics("6-shipped-test.json")
    lines = ["| scores of | calibration error before | after |", "|---|---|---|"]
    for head, values in metrics["calibration"]["heads"].items():
        lines.append(f"| {head} | {values['ece_before']:.3f} | {values['ece_after']:.3f} |")
    points = metrics["operating_points"]
    lines += ["", "| precision / recall at | " + " | ".join(points) + " |", "|---|" + "---|" * len(points)]
    for name in MAIN:
        cells = [f"{point[name]['precision']:.3f} / {point[name]['recall']:.3f}" for point in points.values()]
        lines.append(f"| {HEADLINES[name]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def realis() -> str:
    """How well each realis is told, with its trigger, on the five articles and on the held-out texts."""
    names = {
        "5-shipped": "five articles",
        "6-shipped-test": "held-out reports",
        "7-shipped-conflict": "Sudan",
    }
    lines = ["| realis | on | F1 | precision | recall | gold |", "|---|---|---|---|---|---|"]
    for file, title in names.items():
        for value, row in shipped_metrics(f"{file}.json")["realis_f1"]["by_label"].items():
            scores = " | ".join(f"{row[key]:.3f}" for key in ("f1", "precision", "recall"))
            lines.append(f"| {value} | {title} | {scores} | {row['gold']} |")
    return "\n".join(lines)


def example() -> str:
    """What the shipped model makes of a few sentences."""
    coder = EventCoder.from_pretrained()
    stream = io.StringIO()
    TableWriter(stream, coder.config.labels.ontology).write(coder.code(EXAMPLE, id="news"))
    rows = "\n".join(line.rstrip() for line in stream.getvalue().strip().splitlines())
    return f"```\n$ cat news.txt\n{EXAMPLE}\n\n$ conflictcoder code news.txt --format table\n{rows}\n```"


def corpus() -> str:
    """Composition and variety of the written corpus."""
    from describe_corpus import describe

    return describe()


BLOCKS = {
    "example": example,
    "corpus": corpus,
    "curve": learning_curve,
    "heads": heads_table,
    "results": results_table,
    "benchmarks": benchmark_table,
    "speed": speed_table,
    "types": type_tables,
    "agreement": agreement,
    "calibration": calibration,
    "realis": realis,
}
# What each document shows; a block whose marks are gone would never be checked again.
DOCUMENTS = {
    "README.md": ("example", "results", "benchmarks", "speed"),
    "model_card.md": (
        "results",
        "heads",
        "types",
        "realis",
        "calibration",
        "agreement",
        "benchmarks",
        "speed",
    ),
    "data/DATASHEET.md": ("corpus", "curve"),
}


def render(text: str, blocks: Sequence[str]) -> str:
    """Fill the marked blocks of a file.

    Raises:
        ClickException: One has no marks.
    """
    for name in blocks:
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise click.ClickException(f"no block between <!-- {name} --> and <!-- /{name} -->; put it back")
        content = BLOCKS[name]()
        text = pattern.sub(lambda match, content=content: f"{match[1]}\n{content}\n\n{match[2]}", text)
    index = re.compile(r"(    metrics:\n).*?(?=---\n)", re.DOTALL)
    return index.sub(lambda match: f"{match[1]}{model_index()}\n", text, count=1)


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if a file is not up to date.")
def main(*, check: bool) -> None:
    """Render README.md, model_card.md and data/DATASHEET.md."""
    stale = []
    for name, blocks in DOCUMENTS.items():
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        rendered = render(text, blocks)
        if rendered != text:
            stale.append(name)
            if not check:
                path.write_text(rendered, encoding="utf-8")
    if check and stale:
        click.echo(f"not up to date: {', '.join(stale)}; run python scripts/render_results.py", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
