"""Measures the speed of the shipped coder against what a user would do instead, on the same texts and cores.

Raw articles in and events out, against `transformers.pipeline("token-classification")` over the first
quarter of the same sentences, split beforehand, with the same backbone and with one of BERT-base's size, in
fp32 at its best batch size. The pipelines' heads find nothing, which spares them all work after the network.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import onnxruntime
import torch
import transformers
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    AutoTokenizer,
    BertConfig,
    PreTrainedTokenizerBase,
)

from conflictcoder import Article, EventCoder
from conflictcoder.decoding import Outputs
from conflictcoder.runtime import Runtime
from conflictcoder.windows import Window
from train.backbones import find_backbone
from train.data.ontology_file import load_ontology
from train.data.reading import read_annotated
from train.files import write_json

ROOT = Path(__file__).parent.parent
_BATCH_SIZES = (1, 8, 32)
_TAGS = 55


@click.command()
@click.option("--articles", default=120, show_default=True, type=click.IntRange(min=1))
@click.option("--runs", default=5, show_default=True, type=click.IntRange(min=1))
@click.option("--threads", default=os.cpu_count(), show_default=True, type=click.IntRange(min=1))
@click.option("--stream", default=10_000, show_default=True, help="Articles whose coding shows the memory.")
@click.option("--out", default="results/speed.json", show_default=True, type=click.Path(path_type=Path))
def main(articles: int, runs: int, threads: int, stream: int, out: Path) -> None:
    """Print the table for the README and write the figures as JSON."""
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(threads)
    documents = read_annotated(
        [ROOT / "data" / "annotations" / "written"], load_ontology(ROOT / "data" / "ontology.yaml")
    )[:articles]
    texts = [item.document.text for item in documents]
    sentences = [sentence.text for item in documents for sentence in item.document.sentences]
    coder = EventCoder.from_pretrained()
    rates = {
        "conflictcoder": _rate(lambda: _code(coder, texts, threads), len(sentences), runs),
        **{
            f"pipeline, {name}": _pipeline_rate(tokenizer, config, sentences, threads, runs)
            for name, (tokenizer, config) in _rivals().items()
        },
    }
    result = {
        "machine": _machine(threads),
        "articles": len(texts),
        "sentences": len(sentences),
        "runs": runs,
        "sentences_per_second": rates,
        "first_sentence_seconds": _start_up(runs),
        "share_outside_network": _share_outside_network(coder, texts, runs),
        "streamed_articles": stream,
        "peak_memory_mb": _peak_memory(texts, stream),
    }
    write_json(result, out)
    _report(result)


def _code(coder: EventCoder, texts: Sequence[str], workers: int) -> None:
    for document in coder.code_many((Article(text=text) for text in texts), workers=workers):
        document.to_json()


def _rate(run: Callable[[], None], sentences: int, runs: int) -> dict[str, float]:
    """Sentences a second: the median, the least and the most of several runs after a warm-up."""
    run()
    rates = []
    for _ in range(runs):
        began = time.perf_counter()
        run()
        rates.append(sentences / (time.perf_counter() - began))
    summary = {"median": statistics.median(rates), "min": min(rates), "max": max(rates)}
    return {name: round(value, 1) for name, value in summary.items()}


def _rivals() -> dict[str, tuple[PreTrainedTokenizerBase, transformers.PretrainedConfig]]:
    folder = find_backbone("minilm")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    names = {number: f"B-{number}" if number else "O" for number in range(_TAGS)}
    config = AutoConfig.from_pretrained(folder, id2label=names)
    base = BertConfig(vocab_size=config.vocab_size, id2label=names)
    return {"minilm": (tokenizer, config), "BERT-base": (tokenizer, base)}


def _pipeline_rate(
    tokenizer: PreTrainedTokenizerBase,
    config: transformers.PretrainedConfig,
    sentences: list[str],
    threads: int,
    runs: int,
) -> dict[str, float]:
    """The pipeline's rate at the batch size that is best on a part of the sentences."""
    torch.set_num_threads(threads)
    model = AutoModelForTokenClassification.from_config(config).eval()
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.eye(_TAGS)[0])  # O
    pipeline = transformers.pipeline(
        "token-classification",
        model=model,
        tokenizer=tokenizer,
        aggregation_strategy="simple",
        device="cpu",
    )

    def rate(part: list[str], size: int, runs: int) -> dict[str, float]:
        return _rate(lambda: pipeline(part, batch_size=size) and None, len(part), runs)

    few = sentences[:128]
    best = max(_BATCH_SIZES, key=lambda size: rate(few, size, 1)["median"])
    return rate(sentences[: max(128, len(sentences) // 4)], best, runs) | {"batch_size": best}


def _start_up(runs: int) -> float:
    """Seconds from the start of a process to its first coded sentence, the median."""
    program = "from conflictcoder import EventCoder; EventCoder.from_pretrained().code('Rebels fled.')"
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True)
        seconds.append(time.perf_counter() - began)
    return round(statistics.median(seconds), 2)


class _TimedRuntime:
    """Runs windows with another runtime and adds up the time that it takes."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.batch_articles = runtime.batch_articles
        self.seconds = 0.0

    def run(self, windows: Sequence[Window]) -> list[Outputs]:
        began = time.perf_counter()
        outputs = self._runtime.run(windows)
        self.seconds += time.perf_counter() - began
        return outputs


def _share_outside_network(coder: EventCoder, texts: Sequence[str], runs: int) -> float:
    """Share of one worker's time that goes to splitting, tokenising, decoding and JSON, the median."""
    shares = []
    for _ in range(runs):
        runtime = _TimedRuntime(coder.runtime)
        began = time.perf_counter()
        _code(coder.with_runtime(runtime), texts, workers=1)
        shares.append(1 - runtime.seconds / (time.perf_counter() - began))
    return round(statistics.median(shares), 3)


def _peak_memory(texts: Sequence[str], count: int) -> float:
    """Most resident memory of the command line while it codes so many articles, in MB (10^6 bytes)."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "in.jsonl", Path(folder) / "out.jsonl"
        with source.open("w", encoding="utf-8") as stream:
            for number in range(count):
                stream.write(json.dumps({"id": str(number), "text": texts[number % len(texts)]}) + "\n")
        command = [sys.executable, "-m", "conflictcoder", "code", str(source), "-o", str(out)]
        # A small process starts it and asks: the peak that the system reports is the largest of all
        # children so far, and a child begins with the size of the process that starts it.
        program = (
            "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        asked = subprocess.run([sys.executable, "-c", program, *command], check=True, stdout=subprocess.PIPE)
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes on macOS, in KiB on Linux
    return round(int(asked.stdout) * unit / 1e6, 1)


def _machine(threads: int) -> dict[str, Any]:
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = dict(line.split(":", 1) for line in info.read_text().splitlines() if ":" in line)
        cpu = {key.strip(): value.strip() for key, value in lines.items()}.get("model name", cpu)
    return {
        "cpu": cpu,
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": threads,
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def _report(result: dict[str, Any]) -> None:
    rates = result["sentences_per_second"]
    own = rates["conflictcoder"]["median"]
    click.echo(json.dumps(result["machine"]))
    click.echo("| | sentences/s (min to max) | conflictcoder is faster by |\n|---|---|---|")
    for name, rate in rates.items():
        batch = f", batch {rate['batch_size']}" if "batch_size" in rate else ""
        spread = f"{rate['median']:.0f} ({rate['min']:.0f} to {rate['max']:.0f})"
        click.echo(f"| {name}{batch} | {spread} | {own / rate['median']:.1f} × |")
    click.echo(f"process start to first sentence: {result['first_sentence_seconds']} s")
    click.echo(f"share of the time outside the network: {result['share_outside_network']:.1%}")
    click.echo(f"peak memory, {result['streamed_articles']} articles: {result['peak_memory_mb']} MB")


if __name__ == "__main__":
    main()
