"""Selects the documents that a config trains on, is chosen by and is tested on."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from conflictcoder.errors import DataError
from train.config import AnnotatedData, ConfigError, Data, ExperimentConfig
from train.data.paths import data_paths
from train.data.splits import hold_out
from train.labelled import Corpus, LabelledDocument


def select_documents(
    config: ExperimentConfig, corpus: Corpus
) -> tuple[list[LabelledDocument], list[LabelledDocument], list[LabelledDocument]]:
    """The training, development and test documents of a config.

    Raises:
        ConfigError: A set does not exist, or one document would be in two roles.
        DataError: There is nothing to train on.
    """
    data = config.data
    names: dict[str, Sequence[str]] = {"train": ["train"], "dev": ["dev"], "test": ["test"]}
    if isinstance(data, AnnotatedData):
        names = {"train": data.train, "dev": data.dev, "test": data.test}
    chosen: dict[str, list[LabelledDocument]] = {}
    for role, sets in names.items():
        for name in sets:
            if name not in corpus.sets:
                known = ", ".join(corpus.sets)
                raise ConfigError(f"data.{role}: no set {name!r}; the splits have {known}")
        chosen[role] = [item for name in sets for item in corpus.sets[name]]
    train, dev = chosen["train"], chosen["dev"]
    if len(train) < (1 if dev else 2):
        raise DataError(f"{len(train)} training documents in {names['train']}; name sets that have some")
    if not dev:
        train, dev = hold_out(train, data.dev_share, config.seed, keep_types=True)
    if isinstance(data, AnnotatedData) and data.train_share < 1:
        count = max(1, round(data.train_share * len(train)))
        train = random.Random(config.seed).sample(train, count)
    _check_apart(data, chosen)
    return train, dev, chosen["test"]


def _check_apart(data: Data, chosen: Mapping[str, Sequence[LabelledDocument]]) -> None:
    """Refuse a document in two roles; where files are named by role, which number their documents, a file.

    Raises:
        ConfigError: There is one.
    """
    if isinstance(data, AnnotatedData):
        ids = {role: {item.document.id for item in documents} for role, documents in chosen.items()}
    else:
        ids = {role: {str(path) for path in data_paths(data, [role])} for role in chosen}
    for one, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
        if both := ids[one] & ids[other]:
            raise ConfigError(f"data: {sorted(both)[0]!r} is in {one} and in {other}; keep it in one")
