"""Lets training begin with the weights of a trained model instead of a backbone's and new heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer

from conflictcoder.bundle import MODEL, check_manifest, is_bundle, read_config, resolve_checkpoint
from conflictcoder.coder import read_tokenizer
from conflictcoder.labels import LabelSpace
from conflictcoder.modeling import JointModel
from conflictcoder.tags import tag_names
from conflictcoder.torch_runtime import load_model
from train.config import ConfigError
from train.graph_weights import read_graph_weights

_ENCODER = "encoder."
# What the rows of the roles are multiplied with; without it they mean nothing.
_PROJECTIONS = [
    f"argument_head.{part}.{kind}" for part in ("trigger", "mention") for kind in ("weight", "bias")
]

Weights = Mapping[str, torch.Tensor]


def start_from(model: JointModel, tokenizer: Tokenizer, checkpoint: Path) -> None:
    """Replace a new model's weights by those of a trained one.

    The encoder is taken over whole. Of the heads those rows are, whose labels have the same name in both,
    so that an ontology may add types or leave some out; the rows of other labels stay new.

    Args:
        model: The model, which is changed.
        tokenizer: Its tokenizer.
        checkpoint: A bundle, whose int8 weights come back rounded, a training checkpoint or a run folder.

    Raises:
        CheckpointError: There is no readable checkpoint.
        ConfigError: It has another encoder than the model, or its graph does not tell it.
    """
    place = resolve_checkpoint(checkpoint)
    weights, labels = _read(place)
    state = model.state_dict()
    encoder = [name for name in state if name.startswith(_ENCODER)]
    if is_bundle(place) and (unknown := [name for name in encoder if name not in weights]):
        raise ConfigError(
            f"model.start: {checkpoint}: the bundle does not tell {unknown[0]}; start from the training "
            "checkpoint that it was exported from"
        )
    same_text = read_tokenizer(place).get_vocab() == tokenizer.get_vocab()
    if not same_text or any(_shape(weights, name) != state[name].shape for name in encoder):
        raise ConfigError(
            f"model.start: {checkpoint} has another encoder than model.backbone; name the backbone that it "
            "was trained on"
        )
    taken = {name: weights[name] for name in encoder}
    if all(_shape(weights, name) == state[name].shape for name in _PROJECTIONS if name in state):
        taken |= {name: weights[name] for name in _PROJECTIONS if name in state}
        taken |= _label_rows(state, model.config.label_space(), weights, labels)
    model.load_state_dict(state | taken)


def _read(place: Path) -> tuple[Weights, LabelSpace]:
    """Weights by name, and what the heads' rows mean."""
    if is_bundle(place):
        check_manifest(place)
        arrays = read_graph_weights(place / MODEL)
        return {name: torch.tensor(array) for name, array in arrays.items()}, read_config(place).labels
    model = load_model(place)
    return model.state_dict(), model.config.label_space()


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
            # A role has several rows.
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
