"""A tiny random model, built in code, and the data that it is trained on."""
# ruff: noqa: E501 - a line of .ann is a sentence

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from train.config import ExperimentConfig
from train.data.ann import parse_ann
from train.data.ontology_file import load_ontology
from train.data.reading import annotated_layers
from train.fit import fit
from train.labelled import LabelledDocument

ROOT = Path(__file__).parent.parent

# Ten sentences with every layer; what the tiny model learns by heart.
TEN = """# id: ten
# date: 2024-02-06
# origin: written

[Rebels]{a1 ARMED_GROUP} [captured]{e1 TERRITORY_CAPTURE ACTOR=a1 PLACE=l1 TIME=t1} [Namkham]{l1 LOCATION} on [Friday]{t1 DATE}.
[Troops]{a1 STATE_ACTOR} [withdrew]{e1 WITHDRAWAL ACTOR=a1 PLACE=l1} from [Lwepan]{l1 LOCATION}.
[Two]{q1 QUANTITY} [villagers]{c1 CIVILIAN} were killed in an [airstrike]{e1 AIR_STRIKE TARGET=c1 FATALITIES=q1 PLACE=l1} on [Mabein]{l1 LOCATION}.
The [army]{a1 STATE_ACTOR} may [attack]{e1 ARMED_CLASH ACTOR=a1 PLACE=l1 realis=other} [Hopang]{l1 LOCATION}.
The rains came late.

[Fighters]{a1 ARMED_GROUP} [seized]{e1 WEAPONS_SEIZURE ACTOR=a1 COUNT=q1 WEAPON=w1} [forty]{q1 QUANTITY} [rifles]{w1 WEAPON}, the [council]{o1 ORGANISATION} said.
[Nang Kham]{p1 PERSON} [fled]{e1 DISPLACEMENT TARGET=p1 PLACE=l1} to [Ruili]{l1 LOCATION}.
[Shelling]{e1 SHELLING INJURED=q1 TARGET=c1 PLACE=f1} hurt [three]{q1 QUANTITY} [pupils]{c1 CIVILIAN} at a [school]{f1 FACILITY}.
[Students]{c1 CIVILIAN} [marched]{e1 PROTEST ACTOR=c1 PLACE=l1 TIME=t1} in [Dawei]{l1 LOCATION} on [Sunday]{t1 DATE}.
[Both armies]{a1 ARMED_GROUP} agreed to [talks]{e1 NEGOTIATION ACTOR=a1 TIME=t1 realis=other} in [May]{t1 DATE}.
"""


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def ontology():
    return load_ontology(ROOT / "data" / "ontology.yaml")


@pytest.fixture(scope="session")
def ten(ontology) -> LabelledDocument:
    return LabelledDocument(parse_ann(TEN, ontology).document, annotated_layers(ontology))


def make_backbone(folder: Path, texts: list[str]) -> Path:
    """Write a random BERT of two layers with a tokenizer trained on texts."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    alphabet = [chr(code) for code in range(33, 127)]
    tokenizer.train_from_iterator(
        texts,
        trainers.WordPieceTrainer(
            vocab_size=600, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        ),
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    ).save_pretrained(folder)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        max_position_embeddings=256,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_backbone(tmp_path_factory, ten) -> Path:
    folder = tmp_path_factory.mktemp("backbone")
    return make_backbone(folder, [sentence.text for sentence in ten.document.sentences] * 5)


def write_data(folder: Path, ann: dict[str, str], ontology: str, sets: dict[str, list[str]]) -> Path:
    """Write a data folder."""
    (folder / "annotations").mkdir(parents=True)
    for name, text in ann.items():
        (folder / "annotations" / f"{name}.ann").write_text(text, encoding="utf-8")
    (folder / "ontology.yaml").write_text(ontology, encoding="utf-8")
    lists = "".join(f"{name} = {json.dumps(ids)}\n" for name, ids in sets.items())
    (folder / "splits.toml").write_text(f"[sets]\n{lists}", encoding="utf-8")
    return folder


def tiny_config(data: Path, backbone: Path, output: Path, **changes) -> ExperimentConfig:
    """A config that overfits a data folder with sets `train` and `dev`."""
    settings = {
        "name": "tiny",
        "output": str(output),
        "data": {
            "type": "annotated",
            "paths": [str(data / "annotations")],
            "ontology": str(data / "ontology.yaml"),
            "splits": str(data / "splits.toml"),
            "dev": ["dev"],
        },
        "model": {"backbone": str(backbone), "max_tokens": 128, "argument_size": 32, "head_dropout": 0.0},
        "training": {
            "epochs": 400,
            "batch_size": 2,
            "encoder_learning_rate": 3e-3,
            "head_learning_rate": 3e-3,
            "evaluations": 3,
            "precision": "fp32",  # the same numbers on every machine
        },
    }
    for dotted, value in changes.items():
        section, _, key = dotted.partition("__")
        if key:
            settings[section][key] = value
        else:
            settings[section] = value
    return ExperimentConfig.model_validate(settings)


@pytest.fixture(scope="session")
def ten_data(tmp_path_factory) -> Path:
    """The ten sentences twice under two ids: what is learnt by heart is measured on itself."""
    ontology = (ROOT / "data" / "ontology.yaml").read_text(encoding="utf-8")
    ann = {"ten": TEN, "again": TEN.replace("# id: ten", "# id: again")}
    return write_data(tmp_path_factory.mktemp("ten"), ann, ontology, {"dev": ["again"]})


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory, ten_data, tiny_backbone) -> Path:
    """Run folder of a tiny model that knows the ten sentences by heart."""
    config = tiny_config(ten_data, tiny_backbone, tmp_path_factory.mktemp("runs"))
    fit(config)
    return config.run_folder


@pytest.fixture(scope="session")
def ten_articles(ten):
    """The ten sentences as an article to code."""
    from conflictcoder import Article

    return [Article(sentences=[sentence.text for sentence in ten.document.sentences], id="ten")]


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory, tiny_run, ten_articles) -> Path:
    """The tiny model as a bundle in fp32."""
    from train.export import export

    folder = tmp_path_factory.mktemp("bundle") / "tiny"
    export(tiny_run, folder, ten_articles, quantize=False)
    return folder


def read_in_a_process(path: Path, module: str = "conflictcoder.inputs") -> tuple[int, int]:
    """Articles of a file, and MB by which the peak memory of a process that reads it grows.

    Args:
        path: The file.
        module: What is imported before the growth is counted.
    """
    code = (
        f"import resource, sys, pathlib, {module}; from conflictcoder.inputs import ArticleReader; "
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; before = peak(); "
        "count = sum(1 for _ in ArticleReader([(pathlib.Path(sys.argv[1]), 'x')])); "
        "print(count, (peak() - before) // 1024)"
    )
    result = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    count, grown = map(int, result.stdout.split())
    return count, grown
