"""Lets training begin with the weights of a trained model instead of a backbone's and new heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer

from conflictcoder.bundle import (
    MODEL,
    check_manifest,
    is_bundle,
    model_hash,
    read_config,
    resolve_checkpoint,
)
from conflictcoder.coder import read_tokenizer
from conflictcoder.labels import LabelSpace
from conflictcoder.modeling import JointModel
from conflictcoder.tags import tag_names
from conflictcoder.torch_runtime import load_model
from train.config import ConfigError
from train.graph_weights import read_graph_weights

_ENCODER = "encoder."
_ARGUMENT_HEAD = "argument_head."
# What the rows of the roles are multiplied with; without them they mean nothing.
_PROJECTIONS = ("argument_head.trigger.", "argument_head.mention.")

Weights = Mapping[str, torch.Tensor]


def start_from(model: JointModel, tokenizer: Tokenizer, backbone: Path, checkpoint: Path) -> None:
    """Replace a new model's weights by those of a trained one.

    The encoder is taken over whole. Of the heads those rows are, whose labels have the same name in both,
    so that an ontology may add types or leave some out; the rows of other labels stay new.

    Args:
        model: The model, which is changed.
        tokenizer: Its tokenizer.
        backbone: Folder of the backbone that it was built on.
        checkpoint: A bundle, whose int8 weights come back rounded, a training checkpoint or a run folder.

    Raises:
        CheckpointError: There is no readable checkpoint.
        ConfigError: It has another encoder than the model, or its graph does not tell it.
    """
    place = resolve_checkpoint(checkpoint)
    weights, labels, same_settings = (
        _read_bundle(place, backbone) if is_bundle(place) else _read(place, model)
    )
    state = model.state_dict()
    encoder = {name for name in state if name.startswith(_ENCODER)}
    if is_bundle(place) and (unknown := sorted(encoder - weights.keys())):
        raise ConfigError(
            f"model.start: {checkpoint}: the bundle does not tell {unknown[0]}; start from the training "
            "checkpoint that it was exported from"
        )
    same_weights = encoder == {name for name in weights if name.startswith(_ENCODER)} and all(
        weights[name].shape == state[name].shape for name in encoder
    )
    same_text = read_tokenizer(place).get_vocab() == tokenizer.get_vocab()
    if not (same_settings and same_weights and same_text):
        raise ConfigError(
            f"model.start: {checkpoint} has another encoder than model.backbone; name the backbone that it "
            "was trained on"
        )
    if any(_shape(weights, name) != state[name].shape for name in state if name.startswith(_PROJECTIONS)):
        state = {name: value for name, value in state.items() if not name.startswith(_ARGUMENT_HEAD)}
    taken = {name: weights[name] for name in state if name.startswith((_ENCODER, *_PROJECTIONS))}
    taken |= _label_rows(state, model.config.label_space(), weights, labels)
    model.load_state_dict(model.state_dict() | taken)


def _read_bundle(place: Path, backbone: Path) -> tuple[Weights, LabelSpace, bool]:
    """Weights by name, what the heads' rows mean, and whether the bundle is made of this backbone.

    A graph has no settings of the encoder to compare, such as how many heads its attention has.
    """
    check_manifest(place)
    config = read_config(place)
    arrays = read_graph_weights(place / MODEL)
    weights = {name: torch.tensor(array) for name, array in arrays.items()}
    return weights, config.labels, config.provenance.get("backbone") == model_hash(backbone)


def _read(place: Path, model: JointModel) -> tuple[Weights, LabelSpace, bool]:
    """Weights by name, what the heads' rows mean, and whether the encoder's settings are the model's."""
    trained = load_model(place)
    settings, own = (
        {key: value for key, value in item.config.encoder.items() if "dropout" not in key}
        for item in (trained, model)
    )
    return trained.state_dict(), trained.config.label_space(), settings == own


def _shape(weights: Weights, name: str) -> torch.Size | None:
    return weights[name].shape if name in weights else None


def _label_rows(
    state: Weights, labels: LabelSpace, trained: Weights, trained_labels: LabelSpace
) -> dict[str, torch.Tensor]:
    """The new weights whose rows are labels, with the trained rows of those labels that both have."""
    mixed = {}
    names, trained_names = _row_names(labels), _row_names(trained_labels)
    for name, value in state.items():
        head = name.rpartition(".")[0]
        if head in names and name in trained:
            # A role has several rows, as many as the projections are long.
            new = value.unflatten(0, (len(names[head]), -1)).clone()
            old = trained[name].unflatten(0, (len(trained_names[head]), -1))
            for number, label in enumerate(names[head]):
                if label in trained_names[head]:
                    new[number] = old[trained_names[head].index(label)]
            mixed[name] = new.flatten(0, 1)
    return mixed


def _row_names(labels: LabelSpace) -> dict[str, Sequence[str]]:
    """Names of the rows of each module that has one or several for each label."""
    ontology = labels.ontology
    return {
        "span_head": tag_names(labels.span_types),
        "type_head.attention": ontology.event_types,
        "type_head.vote": ontology.event_types,
        "realis_head": ontology.realis,
        "argument_head.roles": ontology.roles,
    }
