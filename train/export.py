"""Exports a training checkpoint as a bundle: an ONNX graph, quantised, with all that inference needs."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import torch

from conflictcoder.bundle import (
    CONFIG,
    MANIFEST,
    MODEL,
    TOKENIZER,
    BundleConfig,
    file_hash,
    resolve_checkpoint,
)
from conflictcoder.coder import EventCoder, read_tokenizer
from conflictcoder.document import Article, Document
from conflictcoder.errors import ConflictCoderError
from conflictcoder.modeling import JointModel, JointOutput
from conflictcoder.sentences import split_sentences
from conflictcoder.torch_runtime import TorchRuntime, load_model, read_bundle_config
from conflictcoder.windows import Window, WindowEncoder
from train.files import read_json, write_json, write_text
from train.metrics.items import argument_items, event_type_items, mention_items, trigger_items
from train.metrics.scoring import score
from train.provenance import METRICS, find_run, read_provenance
from train.quantization import quantize_graph
from train.sample import SAMPLE, pack_documents, read_sample

_OPSET = 20  # the first with Gelu as one operator
_ITEMS = {
    "mentions": mention_items,
    "triggers": trigger_items,
    "arguments": argument_items,
    "event types": event_type_items,
}


class ExportError(ConflictCoderError):
    """The exported model does not answer as the checkpoint does."""


class _Graph(torch.nn.Module):
    """The model with a tuple of the outputs that it has, which is what a graph can return."""

    def __init__(self, model: JointModel, names: Sequence[str]) -> None:
        super().__init__()
        self.model = model
        self.names = names

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, sentence_mask: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        output: JointOutput = self.model(input_ids, attention_mask, sentence_mask)
        return tuple(output[name] for name in self.names)


def export(
    checkpoint: Path,
    out: Path,
    texts: Sequence[Article],
    *,
    quantize: bool = True,
    tolerance: float | None = None,
) -> dict[str, float]:
    """Write the bundle of a checkpoint.

    Args:
        checkpoint: A run folder or its checkpoint.
        out: Folder of the bundle, new, empty or with a bundle to replace; it is written under another
            name and moved.
        texts: Articles on which both must agree.
        quantize: Whether weights become int8; see `train.quantization`. What activations are like is
            measured on `sample.json` beside the checkpoint, which `fit` writes, or else on the texts.
        tolerance: Smallest F1 between the answers of the two; 0.999 in fp32 and 0.9 in int8 if left
            out.

    Returns:
        For each kind of answer the F1 of the bundle's against the checkpoint's.

    Raises:
        CheckpointError: There is no readable checkpoint.
        ExportError: They differ by more than the tolerance, or `out` has something else in it; no bundle
            is written.
    """
    folder = resolve_checkpoint(checkpoint)
    out = out.resolve()
    _check_out(out, folder)
    model = load_model(folder).eval()
    tolerance = tolerance if tolerance is not None else (0.9 if quantize else 0.999)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as name:
        scratch = Path(name) / "bundle"
        scratch.mkdir()
        config = read_bundle_config(model, folder, _provenance(folder))
        reference = EventCoder.assemble(TorchRuntime(model), read_tokenizer(folder), config)
        windows = _windows(folder, reference.encoder, texts) if quantize else []
        sampled = write_graph(model, scratch / MODEL, quantize=quantize, windows=windows)
        shutil.copyfile(folder / TOKENIZER, scratch / TOKENIZER)
        _seal(scratch, config)
        agreement = compare(reference, EventCoder.from_pretrained(scratch), texts)
        worst = min(agreement, key=lambda kind: agreement[kind])
        if agreement[worst] < tolerance:
            raise ExportError(
                f"{checkpoint}: the bundle's {worst} agree with the checkpoint's at F1 "
                f"{agreement[worst]:.4f}, the tolerance is {tolerance}; nothing was written"
            )
        export_record = {
            "quantized": quantize,
            "sampled_windows": sampled,
            "agreement_with_torch_f1": agreement,
        }
        _seal(scratch, replace(config, provenance={**config.provenance, "export": export_record}))
        _put_in_place(scratch, out)
    return agreement


def _check_out(out: Path, checkpoint: Path) -> None:
    """Refuse to replace anything but a bundle.

    Raises:
        ExportError: There is something else, or the checkpoint lies in it.
    """
    if checkpoint.resolve().is_relative_to(out):
        raise ExportError(f"{out}: the checkpoint lies in it; give the bundle a folder of its own")
    if out.exists() and not (out / MANIFEST).exists() and not (out.is_dir() and not any(out.iterdir())):
        raise ExportError(
            f"{out}: is there already and is no bundle; give a new or empty folder, or a bundle to replace"
        )


def _put_in_place(bundle: Path, out: Path) -> None:
    """Move a finished bundle to its place; the one that was there is kept until then."""
    old = out.with_name(f".{out.name}.old")
    if out.exists():
        shutil.rmtree(old, ignore_errors=True)
        out.rename(old)
    bundle.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _windows(checkpoint: Path, encoder: WindowEncoder, texts: Sequence[Article]) -> list[Window]:
    """Windows of the training text that the run kept; of the texts for a checkpoint without its run."""
    run = find_run(checkpoint)
    if run and (run / SAMPLE).exists():
        return read_sample(run / SAMPLE, encoder)
    sentences = ([item.text[start:end] for start, end in split_sentences(item.text)] for item in texts)
    return pack_documents(sentences, encoder)


def write_graph(model: JointModel, path: Path, *, quantize: bool, windows: Sequence[Window] = ()) -> int:
    """Trace the model and write its ONNX graph.

    Returns:
        How many of the windows were used; see `quantize_graph`.
    """
    names = _output_names(model)
    example = (
        torch.ones(1, 8, dtype=torch.int64),
        torch.ones(1, 8, dtype=torch.int64),
        torch.ones(1, 2, 8, dtype=torch.bool),
    )
    batch, tokens, sentences = (torch.export.Dim(name) for name in ("batch", "tokens", "sentences"))
    model.encoder.set_attn_implementation("eager")
    inputs = ["input_ids", "attention_mask", "sentence_mask"]
    with warnings.catch_warnings():
        # The exporter warns of its own internals, and of axis names that are the same on purpose.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            _Graph(model, names).eval(),
            example,
            input_names=inputs,
            output_names=names,
            dynamic_shapes=(
                {0: batch, 1: tokens},
                {0: batch, 1: tokens},
                {0: batch, 1: sentences, 2: tokens},
            ),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    model.encoder.set_attn_implementation("sdpa")
    if program is None:
        raise ExportError("torch gave no ONNX program")
    program.save(str(path), external_data=False)
    sampled = 0
    if quantize:
        plain = path.with_suffix(".fp32.onnx")
        path.rename(plain)
        sampled = quantize_graph(plain, path, windows)
        plain.unlink()
    graph = onnx.load(path)
    _forget_sources(graph)
    onnx.save(graph, path)
    onnx.checker.check_model(str(path))
    return sampled


def _forget_sources(model: onnx.ModelProto) -> None:
    """Take out the exporter's notes: they name the files of the machine that it ran on."""
    graph = model.graph
    for item in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output):
        del item.metadata_props[:]
        item.doc_string = ""


def compare(reference: EventCoder, other: EventCoder, texts: Sequence[Article]) -> dict[str, float]:
    """F1 of one coder's answers against another's, by kind of answer; 1 where neither has any."""
    pairs: list[tuple[Document, Document]] = list(
        zip(other.code_many(texts), reference.code_many(texts), strict=True)
    )
    agreement = {}
    for kind, items in _ITEMS.items():
        found = score([(items(guess), items(truth)) for guess, truth in pairs])
        agreement[kind] = round(found.f1, 4) if found.predicted + found.gold else 1.0
    return agreement


def _output_names(model: JointModel) -> list[str]:
    sizes = model.config.label_space().output_sizes()
    names = [name for name in ("spans", "event_types", "realis") if name in sizes]
    return names + (["triggers", "mentions"] if "arguments" in sizes else [])


def _seal(folder: Path, config: BundleConfig) -> None:
    """Write config.json and the manifest over all files."""
    write_json(config.to_dict(), folder / CONFIG)
    lines = [f"{file_hash(folder / name)}  {name}\n" for name in (CONFIG, MODEL, TOKENIZER)]
    write_text("".join(lines), folder / MANIFEST)


def _provenance(checkpoint: Path) -> dict[str, Any]:
    """Provenance and metrics of the run that a checkpoint belongs to, without the points of its curves."""
    found = read_provenance(checkpoint)
    run = find_run(checkpoint)
    if run and (run / METRICS).exists():
        metrics = read_json(run / METRICS)
        for part in ("dev", "test"):
            metrics.get(part, {}).pop("curves", None)
        found["metrics"] = metrics
    return found
