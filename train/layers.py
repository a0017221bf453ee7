"""Which layers a model predicts, and whether a metric is one of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from train.config import ConfigError, ExperimentConfig
from train.labelled import LabelledDocument
from train.metrics.report import METRIC_LAYERS


def choose_layers(config: ExperimentConfig, train: Iterable[LabelledDocument]) -> frozenset[str]:
    """The layers that the model of a config predicts.

    Args:
        config: The config.
        train: Its training documents.

    Raises:
        ConfigError: The documents lack a layer that the config names, or the metric that chooses the
            checkpoint is one of another layer.
    """
    present: frozenset[str] = frozenset().union(*(item.layers for item in train))
    layers = frozenset(config.model.layers) or present
    if not layers <= present:
        missing, known = ", ".join(sorted(layers - present)), ", ".join(sorted(present))
        raise ConfigError(f"model.layers: the training data has no {missing}; it has {known}")
    check_metric("training.metric", config.training.metric, layers)
    return layers


def check_metric(key: str, name: str, layers: Collection[str]) -> None:
    """Refuse a metric of a layer that the model does not predict.

    Args:
        key: Where the config names the metric.
        name: The metric.
        layers: The model's layers.

    Raises:
        ConfigError: It is one.
    """
    # `mean` is one of all layers.
    if name in METRIC_LAYERS and METRIC_LAYERS[name] not in layers:
        known = ", ".join(sorted(layers))
        raise ConfigError(f"{key}: {name!r} scores {METRIC_LAYERS[name]}, and the model predicts {known}")
