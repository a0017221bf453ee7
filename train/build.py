"""Builds a joint model on a pretrained backbone."""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoModel, AutoTokenizer, PretrainedConfig

from conflictcoder.labels import LabelSpace
from conflictcoder.modeling import JointConfig, JointModel
from train.backbones import BackboneError
from train.config import ConfigError, Model

# Names that backbones give the dropout of their attention weights.
_ATTENTION_DROPOUT = {"attention_dropout", "attention_probs_dropout_prob"}
# In these families position numbers begin after the padding id, so two are lost.
_SHIFTED_POSITIONS = {"camembert", "mpnet", "roberta", "xlm-roberta"}


def build_model(backbone: Path, settings: Model, labels: LabelSpace) -> JointModel:
    """Make a joint model whose encoder has the backbone's weights and whose heads are new.

    Args:
        backbone: Folder of the backbone.
        settings: Sizes of the model.
        labels: What it predicts.

    Raises:
        BackboneError: The folder has no encoder that `AutoModel` loads.
        ConfigError: The window is longer than the backbone can read.
    """
    try:
        pretrained = AutoModel.from_pretrained(backbone, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise BackboneError(f"{backbone}: AutoModel cannot load it ({error})") from None
    encoder = pretrained.config
    longest = longest_window(encoder)
    if settings.max_tokens > longest:
        raise ConfigError(
            f"model.max_tokens: {settings.max_tokens} is more than the {longest} that the backbone reads"
        )
    described = {key: value for key, value in encoder.to_dict().items() if not key.startswith("_")}
    config = JointConfig(
        json.loads(json.dumps(described)),
        labels.ontology.to_dict(),
        sorted(labels.layers),
        max_tokens=settings.max_tokens,
        max_sentences=settings.max_sentences,
        argument_size=settings.argument_size,
        head_dropout=settings.head_dropout,
    )
    for key in _ATTENTION_DROPOUT & described.keys():
        config.encoder[key] = settings.attention_dropout
    model = JointModel(config)
    weights = {
        name: value for name, value in pretrained.state_dict().items() if not name.startswith("pooler.")
    }
    model.encoder.load_state_dict(weights)
    return model


def load_tokenizer(folder: Path) -> Tokenizer:
    """The fast tokenizer of a backbone.

    Raises:
        BackboneError: It has none.
    """
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise BackboneError(f"{folder}: no fast tokenizer; choose a backbone that has tokenizer.json")
    return Tokenizer.from_str(backend.to_str())


def longest_window(encoder: PretrainedConfig) -> int:
    """Most tokens that an encoder can read at once."""
    positions = getattr(encoder, "max_position_embeddings", None) or 512
    return int(positions) - 2 if encoder.model_type in _SHIFTED_POSITIONS else int(positions)
