"""The joint model as a Hugging Face `PreTrainedModel`. Needs the extra `torch`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.utils.generic import ModelOutput

from conflictcoder.calibration import Calibration
from conflictcoder.labels import LabelSpace
from conflictcoder.ontology import Ontology


class JointConfig(PretrainedConfig):
    """Config of the joint model: the encoder's, the label space and how answers are decided.

    Args:
        encoder: Config of the encoder, as plain data with its `model_type`.
        ontology: The ontology, as plain data.
        layers: Layers of annotation that the model predicts.
        max_tokens: Tokens in a window.
        max_sentences: Sentences in a window.
        argument_size: Length of the trigger and mention projections.
        head_dropout: Dropout before the heads.
        calibration: Temperatures and thresholds.
    """

    model_type = "conflictcoder"

    def __init__(
        self,
        encoder: dict[str, Any] | None = None,
        ontology: dict[str, Any] | None = None,
        layers: list[str] | None = None,
        *,
        max_tokens: int = 256,
        max_sentences: int = 64,
        argument_size: int = 128,
        head_dropout: float = 0.1,
        calibration: dict[str, Any] | None = None,
        **kwargs: Any,  # noqa: ANN401 - what PretrainedConfig takes
    ) -> None:
        self.encoder = encoder or {}
        self.ontology = ontology or {}
        self.layers = layers or []
        self.max_tokens = max_tokens
        self.max_sentences = max_sentences
        self.argument_size = argument_size
        self.head_dropout = head_dropout
        self.calibration = calibration or {}
        super().__init__(**kwargs)

    def label_space(self) -> LabelSpace:
        """What the outputs mean."""
        return LabelSpace.of(Ontology.from_dict(self.ontology), self.layers)

    def read_calibration(self) -> Calibration:
        """Temperatures and thresholds as an object.

        Raises:
            TypeError: A key is unknown or a value of a wrong type.
            ValueError: A value is out of range.
        """
        return Calibration.from_dict(self.calibration)


@dataclass
class JointOutput(ModelOutput):
    """Outputs of the heads that the model has; the others are None.

    Attributes:
        spans: float of shape (batch, tokens, tags).
        event_types: float of shape (batch, sentences, types).
        realis: float of shape (batch, tokens, values).
        triggers: float of shape (batch, tokens, roles, size).
        mentions: float of shape (batch, tokens, size).
    """

    spans: torch.Tensor | None = None
    event_types: torch.Tensor | None = None
    realis: torch.Tensor | None = None
    triggers: torch.Tensor | None = None
    mentions: torch.Tensor | None = None


class SentencePooling(nn.Module):
    """Scores every type for a sentence by attention over its tokens.

    Each type has its own attention, as in attention-based multiple-instance learning (Ilse et al.,
    2018): a token says how much it matters for the type and what it votes for.

    Args:
        hidden_size: Size of the encoder's states.
        types: How many types.
    """

    def __init__(self, hidden_size: int, types: int) -> None:
        super().__init__()
        self.attention = nn.Linear(hidden_size, types)
        self.vote = nn.Linear(hidden_size, types)

    def forward(self, states: torch.Tensor, sentence_mask: torch.Tensor) -> torch.Tensor:
        """Score the sentences of a batch of windows.

        Args:
            states: float of shape (batch, tokens, hidden).
            sentence_mask: bool of shape (batch, sentences, tokens).

        Returns:
            float of shape (batch, sentences, types).
        """
        outside = ~sentence_mask.unsqueeze(-1)
        attention = self.attention(states).float().unsqueeze(1).masked_fill(outside, -1e4)
        weights = attention.softmax(dim=2)
        scores: torch.Tensor = (weights * self.vote(states).float().unsqueeze(1)).sum(dim=2)
        return scores


class ArgumentProjection(nn.Module):
    """Projects triggers and mentions so that a dot product scores a pair in a role.

    A bilinear form with one matrix a role, `trigger' W_role mention`; the matrix is applied to the
    trigger, so that whoever pairs them needs no weights.

    Args:
        hidden_size: Size of the encoder's states.
        size: Size of the projections.
        roles: How many roles.
    """

    def __init__(self, hidden_size: int, size: int, roles: int) -> None:
        super().__init__()
        self.trigger = nn.Linear(hidden_size, size)
        self.mention = nn.Linear(hidden_size, size)
        self.roles = nn.Linear(size, roles * size)
        self.size = size

    def forward(self, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Project all tokens.

        Args:
            states: float of shape (batch, tokens, hidden).

        Returns:
            Triggers of shape (batch, tokens, roles, size) and mentions of shape (batch, tokens,
            size). The last element of a mention is one, so that each role has a bias.
        """
        triggers = self.roles(nn.functional.gelu(self.trigger(states))) / self.size**0.5
        mentions = nn.functional.gelu(self.mention(states))
        mentions = torch.cat([mentions[..., :-1], torch.ones_like(mentions[..., -1:])], dim=-1)
        return triggers.unflatten(-1, (-1, self.size)), mentions


class JointModel(PreTrainedModel):
    """One encoder with a head for every layer of annotation."""

    config_class = JointConfig
    base_model_prefix = "encoder"
    main_input_name = "input_ids"
    _supports_sdpa = True
    _supports_flash_attn = True

    def __init__(self, config: JointConfig) -> None:
        super().__init__(config)
        encoder = AutoConfig.for_model(**config.encoder)
        self.encoder = AutoModel.from_config(encoder)
        if getattr(self.encoder, "pooler", None) is not None:
            self.encoder.pooler = None  # no head reads it, and unused weights stop distributed training
        self.dropout = nn.Dropout(config.head_dropout)
        sizes = config.label_space().output_sizes()
        hidden = encoder.hidden_size
        self.span_head = nn.Linear(hidden, sizes["spans"]) if "spans" in sizes else None
        self.type_head = SentencePooling(hidden, sizes["event_types"]) if "event_types" in sizes else None
        self.realis_head = nn.Linear(hidden, sizes["realis"]) if "realis" in sizes else None
        self.argument_head = (
            ArgumentProjection(hidden, config.argument_size, sizes["arguments"])
            if "arguments" in sizes
            else None
        )
        self.post_init()

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, sentence_mask: torch.Tensor
    ) -> JointOutput:
        """Run all heads on a batch of windows.

        Args:
            input_ids: int64 of shape (batch, tokens).
            attention_mask: int64 of shape (batch, tokens), 0 where a row is padded.
            sentence_mask: bool of shape (batch, sentences, tokens).
        """
        encoded = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        states = self.dropout(encoded.last_hidden_state)
        triggers, mentions = self.argument_head(states) if self.argument_head else (None, None)
        return JointOutput(
            spans=self.span_head(states) if self.span_head else None,
            event_types=self.type_head(states, sentence_mask) if self.type_head else None,
            realis=self.realis_head(states) if self.realis_head else None,
            triggers=triggers,
            mentions=mentions,
        )
