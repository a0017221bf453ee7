"""Trains a model from a config."""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w
import torch
from datasets import Dataset
from tokenizers import Tokenizer
from transformers import (
    EarlyStoppingCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)
from transformers.integrations import TensorBoardCallback

from conflictcoder.bundle import CHECKPOINT
from conflictcoder.errors import ConflictCoderError
from conflictcoder.labels import LabelSpace
from conflictcoder.modeling import JointModel
from conflictcoder.torch_runtime import TorchRuntime
from conflictcoder.windows import WindowEncoder
from train.augmentation import augment
from train.averaging import WeightAveraging
from train.backbones import find_backbone
from train.build import build_model, load_tokenizer
from train.calibrate import fit_calibration
from train.collation import WindowCollator
from train.config import CONFIG, ConfigError, ExperimentConfig, suggest
from train.data.reading import load_corpus
from train.development import DevelopmentMetrics
from train.distillation import DistillationLoss, Targets, teach
from train.evaluation import evaluate_coder
from train.features import WindowedDocument, training_rows, window_documents
from train.files import read_json, write_json
from train.joint_loss import JointLoss
from train.labelled import Corpus, LabelledDocument
from train.layers import choose_layers
from train.optimizer import make_optimizer
from train.patience import ForgetZero
from train.precision import choose_attention, mixed_precision, padding_multiple
from train.provenance import METRICS, PROVENANCE, check_same, describe
from train.report.page import write_report
from train.sample import SAMPLE, write_sample
from train.seen import warn_of_seen
from train.selection import select_documents
from train.start import start_from

_TRAINER_FOLDER = "trainer"

_log = logging.getLogger(__name__)


class RunError(ConflictCoderError):
    """A run cannot start or go on."""


@dataclass(frozen=True)
class Experiment:
    """A config with all that it names, loaded.

    Attributes:
        config: The config.
        labels: What the model predicts.
        model: The model, ready to train.
        tokenizer: Its tokenizer.
        encoder: Makes windows.
        train: Training documents.
        dev: Development documents.
        test: Test documents, if the config names any.
    """

    config: ExperimentConfig
    labels: LabelSpace
    model: JointModel
    tokenizer: Tokenizer
    encoder: WindowEncoder
    train: list[WindowedDocument]
    dev: list[WindowedDocument]
    test: list[LabelledDocument]


def prepare(config: ExperimentConfig, corpus: Corpus | None = None) -> Experiment:
    """Load the data and build the model of a config.

    Args:
        config: The config.
        corpus: The documents in their sets; read from the config's paths if left out.

    Raises:
        ConflictCoderError: Something is missing or malformed.
    """
    set_seed(config.seed)
    corpus = corpus or load_corpus(config.data)
    train, dev, test = select_documents(config, corpus)
    layers = choose_layers(config, train)
    labels = LabelSpace.of(corpus.ontology, layers)
    for name in config.augmentation.types:
        if name not in corpus.ontology.entity_types:
            hint = suggest(name, corpus.ontology.entity_types, "the ontology has")
            raise ConfigError(f"augmentation.types: {name!r} is no entity type; {hint}")
    train = [*train, *augment(train, config.augmentation, config.seed)]
    backbone = find_backbone(config.model.backbone)
    model = build_model(backbone, config.model, labels)
    tokenizer = load_tokenizer(backbone)
    if config.model.start:
        start_from(model, tokenizer, backbone, Path(config.model.start))
    choose_attention(model.encoder)
    encoder = WindowEncoder(
        tokenizer, max_tokens=config.model.max_tokens, max_sentences=config.model.max_sentences
    )
    return Experiment(
        config,
        labels,
        model,
        tokenizer,
        encoder,
        window_documents(train, encoder),
        window_documents(dev, encoder),
        test,
    )


def fit(
    config: ExperimentConfig,
    *,
    resume: bool = False,
    overwrite: bool = False,
    corpus: Corpus | None = None,
    test: bool = True,
) -> dict[str, Any]:
    """Train, calibrate, save and evaluate.

    Args:
        config: The config.
        resume: Go on with an interrupted run.
        overwrite: Throw an earlier run of this name away.
        corpus: The documents in their sets; read from the config's paths if left out.
        test: Evaluate the test documents too, if the config names any.

    Returns:
        What `metrics.json` holds.

    Raises:
        ConflictCoderError: Something is missing or malformed, or the run folder is taken.
    """
    began = time.time()
    folder = config.run_folder
    _check_folder(folder, resume=resume, overwrite=overwrite)
    experiment = prepare(config, corpus)
    if resume:
        check_same(config)
    if not int(os.environ.get("RANK", "0")):
        warn_of_seen(
            config,
            dev=[document.gold.document.id for document in experiment.dev],
            test=[document.document.id for document in experiment.test],
        )
    # Now, because files may change while the teachers run and it trains.
    origin = describe(config)
    development = DevelopmentMetrics(experiment.dev, experiment.labels)
    trainer = make_trainer(experiment, development)
    if trainer.is_world_process_zero():
        if overwrite and not resume:
            shutil.rmtree(folder)
        _begin_folder(experiment, origin, resume=resume)
    trainer.train(resume_from_checkpoint=resume or None)
    if not trainer.is_world_process_zero():
        return {}
    runtime = TorchRuntime(experiment.model, device=str(trainer.args.device))
    outputs = [runtime.run(document.windows) for document in experiment.dev]
    calibration = fit_calibration(experiment.dev, outputs, experiment.labels)
    experiment.model.config.calibration = calibration.to_dict()
    _save_checkpoint(experiment, folder / CHECKPOINT)
    duration = {"duration_seconds": round(time.time() - began, 1)}
    write_json(read_json(folder / PROVENANCE) | duration, folder / PROVENANCE)
    metrics = {"best_dev": _best(trainer)}
    if metrics["best_dev"]["score"] == 0:
        message = "%s: %s was 0 on dev at every evaluation; train it longer, or at higher learning rates"
        _log.warning(message, folder, config.training.metric)
    dev = [document.gold for document in experiment.dev]
    for name, documents in {"dev": dev, "test": experiment.test if test else []}.items():
        if documents:
            result = evaluate_coder(folder / CHECKPOINT, documents, device=str(trainer.args.device))
            metrics[name] = result.metrics
            result.write_errors(folder / f"errors_{name}.jsonl")
            # Of dev, and then of test in its place, where there is one.
            write_report(result, folder / "report.html", title=f"{config.name}: {name}", run=folder)
    write_json(metrics, folder / METRICS)
    # Its optimizer states are only good for resuming, and torch pickles them.
    shutil.rmtree(folder / _TRAINER_FOLDER)
    return metrics


def dry_run(config: ExperimentConfig) -> dict[str, Any]:
    """Build everything, run one batch forwards and backwards, and report sizes; nothing is written."""
    experiment = prepare(config)
    rows = training_rows(experiment.train, experiment.labels)
    collator = _collator(experiment)
    batch = collator(rows[: config.training.batch_size])
    labels = batch.pop("labels")
    loss = _loss(experiment)(experiment.model(**batch), labels)
    loss.backward()
    return {
        "config": config.model_dump(),
        "loss": round(loss.item(), 4),
        "parameters": sum(parameter.numel() for parameter in experiment.model.parameters()),
        "train_documents": len(experiment.train),
        "train_windows": len(rows),
        "dev_documents": len(experiment.dev),
        "test_documents": len(experiment.test),
        "layers": sorted(experiment.labels.layers),
    }


def make_trainer(experiment: Experiment, development: DevelopmentMetrics) -> Trainer:
    """Put the `Trainer` together."""
    config = experiment.config
    rows = training_rows(experiment.train, experiment.labels)
    dev_rows = training_rows(experiment.dev, experiment.labels)
    targets: list[Targets] = []
    if config.distillation.teachers:
        device = str(torch.accelerator.current_accelerator(check_available=True) or "cpu")
        settings = config.distillation
        targets = teach(
            experiment.train, rows, experiment.labels, experiment.encoder, settings, device=device
        )
        rows = [row | {"target": number} for number, row in enumerate(rows)]
    optimizer = make_optimizer(experiment.model, config.training)
    callbacks = [
        ForgetZero(),
        EarlyStoppingCallback(config.training.patience),
        _LogFile(config.run_folder),
    ]
    if config.training.tensorboard:
        tensorboard = TensorBoardCallback()
        # Its own choice is below the trainer's folder, which goes when the run is finished.
        tensorboard.logging_dir = str(config.run_folder / "tensorboard")
        callbacks.append(tensorboard)
    if config.training.averaging:
        callbacks.append(WeightAveraging(config.training.averaging))
    trainer = Trainer(
        model=experiment.model,
        args=_arguments(config, len(rows)),
        data_collator=_collator(experiment, targets),
        train_dataset=Dataset.from_list(rows),
        eval_dataset=Dataset.from_list(dev_rows),
        compute_loss_func=_loss(experiment),
        compute_metrics=development,
        callbacks=callbacks,
        optimizers=(optimizer, None),
    )
    trainer.loss_is_scaled_for_ga = False  # ours is a mean over the batch
    return trainer


def _arguments(config: ExperimentConfig, windows: int) -> TrainingArguments:
    training = config.training
    folder = config.run_folder
    world = int(os.environ.get("WORLD_SIZE", "1"))
    steps = math.ceil(windows / (training.batch_size * training.accumulation * world)) * training.epochs
    every = max(1, int(steps / training.evaluations))
    return TrainingArguments(
        output_dir=str(folder / _TRAINER_FOLDER),
        num_train_epochs=training.epochs,
        per_device_train_batch_size=training.batch_size,
        per_device_eval_batch_size=training.batch_size,
        gradient_accumulation_steps=training.accumulation,
        learning_rate=training.encoder_learning_rate,
        lr_scheduler_type=training.schedule,
        warmup_steps=training.warmup if training.warmup < 1 else int(steps),
        max_grad_norm=training.max_gradient_norm,
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=1,
        load_best_model_at_end=True,
        restore_callback_states_from_checkpoint=True,
        metric_for_best_model=training.metric,
        greater_is_better=True,
        batch_eval_metrics=True,
        remove_unused_columns=False,
        label_names=["labels"],
        logging_steps=max(1, every // 4),
        use_cpu=not torch.accelerator.is_available(),
        dataloader_pin_memory=torch.accelerator.is_available(),
        report_to="none",
        seed=config.seed,
        data_seed=config.seed,
        train_sampling_strategy="group_by_length" if training.group_by_length else "random",
        length_column_name="length",
        disable_tqdm=not sys.stderr.isatty(),
        **mixed_precision(training.precision),
    )


def _collator(experiment: Experiment, targets: Sequence[Targets] = ()) -> WindowCollator:
    config = experiment.model.config
    return WindowCollator(
        experiment.labels,
        config.encoder.get("pad_token_id") or 0,
        longest=config.max_tokens,
        multiple=padding_multiple(experiment.config.training.precision),
        targets=targets,
    )


def _loss(experiment: Experiment) -> DistillationLoss:
    config = experiment.config
    hard = JointLoss(config.loss, experiment.labels.ontology.exclusive_event_types)
    return DistillationLoss(hard, config.distillation)


def _check_folder(folder: Path, *, resume: bool, overwrite: bool) -> None:
    """Refuse a folder that has nothing to resume, or a run that may not be thrown away.

    Raises:
        RunError: It is such a folder.
    """
    interrupted = any((folder / _TRAINER_FOLDER).glob("checkpoint-*"))
    if resume and not interrupted:
        raise RunError(f"{folder}: there is nothing to resume; start the run without --resume")
    if resume or not folder.exists() or int(os.environ.get("RANK", "0")):
        return
    if not overwrite:
        hint = "--resume goes on with it, " if interrupted else ""
        message = f"{folder}: there is a run already; {hint}--overwrite throws it away, name=… keeps both"
        raise RunError(message)


def _begin_folder(experiment: Experiment, origin: Mapping[str, Any], *, resume: bool) -> None:
    """Write what is known of a run before it trains."""
    config = experiment.config
    folder = config.run_folder
    (folder / _TRAINER_FOLDER).mkdir(parents=True, exist_ok=True)
    if not resume:
        write_json(origin, folder / PROVENANCE)
    (folder / CONFIG).write_text(tomli_w.dumps(config.model_dump()), encoding="utf-8")
    write_sample(experiment.train, folder / SAMPLE)


def _save_checkpoint(experiment: Experiment, folder: Path) -> None:
    """Write the checkpoint under another name and move it, so that it is whole or not there."""
    scratch = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(scratch, ignore_errors=True)
    experiment.model.save_pretrained(scratch)
    experiment.tokenizer.save(str(scratch / "tokenizer.json"))
    shutil.rmtree(folder, ignore_errors=True)
    scratch.rename(folder)


def _best(trainer: Trainer) -> dict[str, Any]:
    return {
        "metric": trainer.args.metric_for_best_model,
        "score": trainer.state.best_metric,
        "step": trainer.state.best_global_step,
        "steps": trainer.state.global_step,
    }


class _LogFile(TrainerCallback):
    """Appends what `Trainer` logs to `log.jsonl`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "log.jsonl"

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,  # noqa: ANN401 - what Trainer hands over
    ) -> None:
        if state.is_world_process_zero:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({"step": state.global_step, **(logs or {})}) + "\n")
