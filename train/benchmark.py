"""Runs an experiment as a benchmark: chooses learning rates on dev, then measures seeds on test."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from conflictcoder.bundle import CHECKPOINT
from conflictcoder.errors import ConflictCoderError
from train.config import ConfigError, ExperimentConfig, Rates
from train.data.paths import rebase
from train.data.reading import load_corpus
from train.evaluation import evaluate_coder
from train.files import read_json, write_json
from train.fit import fit
from train.labelled import Corpus
from train.layers import check_metric, choose_layers
from train.metrics.report import headline
from train.provenance import METRICS, PROVENANCE, describe, is_finished
from train.selection import select_documents

RESULT = "result.json"
_TEST = "test.json"


class BenchmarkError(ConflictCoderError):
    """A benchmark cannot start or go on."""


def place_benchmark(
    config: ExperimentConfig, *, data: Path, out: Path, backbone: str = "", seeds: Sequence[int] = ()
) -> ExperimentConfig:
    """Complete a benchmark's config with what the command line gives.

    Args:
        config: The config.
        data: Folder that its paths are relative to.
        out: Folder of the results.
        backbone: Backbone instead of the config's; the grid keeps the rates for the one that is taken.
        seeds: Seeds instead of the config's.

    Raises:
        ConfigError: The config names no metric.
    """
    if not config.benchmark.metrics:
        raise ConfigError(f"{config.name}: benchmark.metrics is empty; name the metrics to report")
    model = config.model.model_copy(update={"backbone": backbone or config.model.backbone})
    grid = config.benchmark.rates_for(model.backbone)
    chosen = config.benchmark.model_copy(
        update={"seeds": list(seeds) or config.benchmark.seeds, "grid": grid}
    )
    return config.model_copy(
        update={
            "name": f"{config.name}-{Path(model.backbone).name}",
            "output": str(out),
            "data": rebase(config.data, data),
            "model": model,
            "benchmark": chosen,
        }
    )


@dataclass(frozen=True)
class BenchmarkRun:
    """The runs of one benchmark, each in its own folder below that of the benchmark.

    Attributes:
        config: The config.
        corpus: Its documents.
        report: Takes a line about each run that has ended.
    """

    config: ExperimentConfig
    corpus: Corpus
    report: Callable[[str], None]

    @classmethod
    def load(
        cls, config: ExperimentConfig, *, resume: bool, report: Callable[[str], None] = print
    ) -> BenchmarkRun:
        """Read the data, so that a mistake in it is told before anything is trained.

        Args:
            config: What `place_benchmark` made.
            resume: Keep the runs that are finished.
            report: Takes a line about each run that has ended.

        Raises:
            ConflictCoderError: Data is missing or malformed, or there are results and `resume` is off.
        """
        if config.run_folder.exists() and not resume:
            message = f"{config.run_folder}: there are results already; --resume keeps them and goes on"
            raise BenchmarkError(f"{message}, another --out leaves them alone")
        corpus = load_corpus(config.data)
        train, _, test = select_documents(config, corpus)
        layers = choose_layers(config, train)
        for name in config.benchmark.metrics:
            check_metric("benchmark.metrics", name, layers)
        if not test:
            raise ConfigError(f"{config.name}: data.test has no document; a benchmark needs test data")
        return cls(config, corpus, report)

    def run(self) -> dict[str, Any]:
        """Choose the rates with the first seed, then train and test with every seed.

        Returns:
            What `result.json` in the benchmark's folder holds; it is written anew after each run.
        """
        training, settings = self.config.training, self.config.benchmark
        own = Rates(encoder=training.encoder_learning_rate, head=training.head_learning_rate)
        chosen, best = own, -1.0
        selection: list[dict[str, Any]] = []
        for rates in settings.grid or [own]:
            selection.append(self._train(rates, settings.seeds[0]))
            beaten = rates if selection[-1]["dev_score"] <= best else chosen
            if beaten is not rates:
                chosen, best = rates, selection[-1]["dev_score"]
            if len(selection) > 1:
                self._drop_checkpoint(beaten, settings.seeds[0])
            self._write(chosen, selection, [])
        runs: list[dict[str, Any]] = []
        for seed in settings.seeds:
            runs.append(self._test(chosen, seed))
            result = self._write(chosen, selection, runs)
        return result

    def _run_config(self, rates: Rates, seed: int) -> ExperimentConfig:
        training = self.config.training.model_copy(
            update={"encoder_learning_rate": rates.encoder, "head_learning_rate": rates.head}
        )
        name = f"{self.config.name}/{rates}-seed{seed}"
        return self.config.model_copy(update={"name": name, "seed": seed, "training": training})

    def _train(self, rates: Rates, seed: int) -> dict[str, Any]:
        """Train without a look at the test documents, unless it was done before."""
        config = self._run_config(rates, seed)
        folder = config.run_folder
        finished = is_finished(config)
        if not finished:
            fit(config, overwrite=True, corpus=self.corpus, test=False)
        best = read_json(folder / METRICS)["best_dev"]
        seconds = read_json(folder / PROVENANCE)["duration_seconds"]
        if not finished:
            self.report(f"{config.name}: dev {100 * best['score']:.2f} in {seconds:.0f} s")
        return {
            "encoder_learning_rate": rates.encoder,
            "head_learning_rate": rates.head,
            "seed": seed,
            "dev_score": best["score"],
            "best_step": best["step"],
            "steps": best["steps"],
            "seconds": seconds,
            "folder": folder.name,
        }

    def _test(self, rates: Rates, seed: int) -> dict[str, Any]:
        """Train if that was not done yet, and evaluate the best checkpoint on the test documents."""
        record = self._train(rates, seed)
        config = self._run_config(rates, seed)
        folder = config.run_folder
        if not (folder / _TEST).exists():
            if not (folder / CHECKPOINT).exists():
                raise BenchmarkError(f"{folder}: its checkpoint is gone; delete the folder to train it anew")
            began = time.time()
            documents = select_documents(config, self.corpus)[2]
            device = "cuda" if torch.cuda.is_available() else "cpu"
            evaluation = evaluate_coder(folder / CHECKPOINT, documents, device=device)
            evaluation.write_errors(folder / "errors_test.jsonl")
            seconds = round(time.time() - began, 1)
            write_json({"seconds": seconds, "metrics": evaluation.metrics}, folder / _TEST)
            scores = (f"{name} {100 * headline(evaluation.metrics, name):.2f}" for name in self._metrics)
            self.report(f"{config.name}: test {', '.join(scores)}")
        self._drop_checkpoint(rates, seed)
        tested = read_json(folder / _TEST)
        return record | {"test_seconds": tested["seconds"], "test": tested["metrics"]}

    @property
    def _metrics(self) -> list[str]:
        return list(self.config.benchmark.metrics)

    def _drop_checkpoint(self, rates: Rates, seed: int) -> None:
        """Delete a checkpoint that nothing needs any more: each is as large as the backbone."""
        shutil.rmtree(self._run_config(rates, seed).run_folder / CHECKPOINT, ignore_errors=True)

    def _write(
        self, chosen: Rates, selection: list[dict[str, Any]], runs: list[dict[str, Any]]
    ) -> dict[str, Any]:
        settings = self.config.benchmark
        result = {
            "name": self.config.name,
            "backbone": self.config.model.backbone,
            "finished": len(runs) == len(settings.seeds),
            "seeds": settings.seeds,
            "chosen": chosen.model_dump(exclude={"backbone"}),
            "selected_by": f"dev {self.config.training.metric}",
            "metrics": {name: self._summary(name, runs) for name in self._metrics if runs},
            "selection": selection,
            "runs": runs,
            "provenance": describe(self.config),
        }
        write_json(result, self.config.run_folder / RESULT)
        return result

    def _summary(self, name: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
        """Mean and standard deviation over the seeds, in percent, beside the published score."""
        values = [100 * headline(run["test"], name) for run in runs]
        published = {key: value.model_dump() for key, value in self.config.benchmark.published.items()}
        return {
            "mean": round(statistics.mean(values), 2),
            "spread": round(statistics.stdev(values), 2) if len(values) > 1 else None,
            "values": [round(value, 2) for value in values],
            "published": published.get(name),
        }
