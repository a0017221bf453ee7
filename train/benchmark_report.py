"""Runs a list of benchmarks and tabulates their results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from train.benchmark import RESULT, BenchmarkRun
from train.config import ConfigError, ExperimentConfig
from train.files import read_json, write_json

SUMMARY = "benchmarks.json"
_TITLES = {
    "entity_f1": "entity micro F1",
    "event_type_f1": "class micro F1",
    "event_type_macro_f1": "class macro F1",
    "example_f1": "example-based F1",
    "trig_c": "Trig-C",
    "trig_i": "Trig-I",
    "arg_c": "Arg-C",
    "arg_i": "Arg-I",
}


def run_all(
    configs: Sequence[ExperimentConfig], out: Path, *, resume: bool, report: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Run benchmarks one after the other; all data is read before anything is trained.

    Args:
        configs: What `place_benchmark` made.
        out: Folder of the results; `benchmarks.json` in it has those of all benchmarks so far.
        resume: Keep the runs that are finished.
        report: Takes a line about each run that has ended.

    Returns:
        The results, in the order of the configs.

    Raises:
        ConfigError: Two configs have one name.
        ConflictCoderError: Data is missing or malformed, or there are results and `resume` is off.
    """
    folders: set[Path] = set()
    for config in configs:
        if config.run_folder in folders:
            message = "two configs have this run folder; give each its own `name`"
            raise ConfigError(f"{config.run_folder}: {message}")
        folders.add(config.run_folder)
    benchmarks = [BenchmarkRun.load(config, resume=resume, report=report) for config in configs]
    results = []
    for run in benchmarks:
        results.append(run.run())
        everything = [read_json(path) for path in sorted(out.rglob(RESULT))]
        write_json(everything, out / SUMMARY)
    return results


def print_results(results: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print a row for each metric of each benchmark; scores are percent."""
    table = Table(title="test scores: mean and standard deviation over the seeds")
    columns = {
        "benchmark": "left",
        "metric": "left",
        "mean": "right",
        "spread": "right",
        "best public": "right",
        "difference": "right",
        "encoder rate": "right",
        "head rate": "right",
        "seeds": "left",
    }
    for column, justify in columns.items():
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    for result in results:
        for name, values in result["metrics"].items():
            table.add_row(result["name"], _TITLES[name], *_cells(values), *_rates(result))
    console.print(table)


def _cells(values: Mapping[str, Any]) -> list[str]:
    spread = "" if values["spread"] is None else f"{values['spread']:.2f}"
    published = values["published"]
    if published is None:
        return [f"{values['mean']:.2f}", spread, "", ""]
    difference = f"{values['mean'] - published['score']:+.2f}"
    return [f"{values['mean']:.2f}", spread, f"{published['score']:.1f} ({published['model']})", difference]


def _rates(result: Mapping[str, Any]) -> list[str]:
    chosen = result["chosen"]
    seeds = ", ".join(str(seed) for seed in result["seeds"])
    return [f"{chosen['encoder']:g}", f"{chosen['head']:g}", seeds]
