"""Data sets as people have them: unbalanced, with headers, long texts, odd labels and missing parts."""

import json

import pytest
from click.testing import CliRunner

from train.cli import main
from train.config import ConfigError, ExperimentConfig
from train.data.reading import load_corpus
from train.fit import fit
from train.selection import select_documents


@pytest.fixture
def fit_data(tmp_path, tiny_backbone):
    """Trains for a moment on files that are given by their set and returns the metrics."""

    def run(kind, suffix, settings=None, *, metric="mean", **files):
        data = {"type": kind, **(settings or {})}
        for name, text in files.items():
            path = tmp_path / f"{name}.{suffix}"
            path.write_text(text, encoding="utf-8")
            data[name] = [str(path)]
        return fit(
            ExperimentConfig.model_validate(
                {
                    "name": "odd",
                    "output": str(tmp_path / "runs"),
                    "data": data,
                    "model": {"backbone": str(tiny_backbone), "max_tokens": 32},
                    "training": {"epochs": 2, "evaluations": 2, "precision": "fp32", "metric": metric},
                }
            )
        )

    return run


def test_25_classes_most_of_them_rare(fit_data):
    rows = [f"Report {n} of rain.\train\n" for n in range(40)] + [
        f"Report of kind {n}.\tkind {n}, rare\n" for n in range(24)
    ]
    metrics = fit_data("classification", "tsv", train="".join(rows), metric="event_type_macro_f1")
    assert set(metrics["dev"]["event_type_f1"]["by_label"]) >= {"rain"}


def test_quoted_csv_with_a_header_long_texts_and_rows_without_a_class(fit_data):
    rows = "".join(f'"He said: ""Report {n}, again."" {"More. " * n}",A{n % 2}\n' for n in range(30))
    train = f"text,label\n{rows}Nothing.,\n"
    metrics = fit_data("classification", "csv", train=train, test='text,label\n"Report, last.",A1\n,A0\n')
    assert metrics["test"]["sentences"] == 2
    assert metrics["test"]["event_type_f1"]["gold"] == 2


def test_test_class_that_training_lacks(fit_data):
    metrics = fit_data(
        "classification", "tsv", train="One.\tA\nTwo.\tB\nThree.\tA\n", dev="Four.\tA\n", test="Five.\tC\n"
    )
    assert metrics["test"]["event_type_f1"]["by_label"]["C"]["gold"] == 1


def test_conll_with_one_mark_long_sentences_and_no_dev(fit_data):
    sentences = "\n".join(f"Report{n} O\n" + "word O\n" * (3 * n) + "Gao B-PLACE\n. O\n" for n in range(30))
    text = f"-DOCSTART- -X-\n\n{sentences}"
    metrics = fit_data("conll", "conll", train=text, test="-DOCSTART-\nGao B-PLACE\n\nIt O\n")
    assert metrics["dev"]["articles"] == 4  # 15 % of 30 sentences
    assert metrics["dev"]["entity_f1"]["gold"] == 4
    assert metrics["test"]["sentences"] == 2


def test_files_of_one_name_in_folders_by_set(tmp_path, tiny_backbone):
    data = {"type": "conll"}
    for name in ("train", "dev", "test"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data.conll").write_text(f"It O\n\nin O\n{name} B-P\n")
        data[name] = [str(tmp_path / name / "data.conll")]
    settings = {"name": "x", "model": {"backbone": str(tiny_backbone), "max_tokens": 32}}
    config = ExperimentConfig.model_validate(settings | {"data": data})
    train, dev, test = select_documents(config, load_corpus(config.data))
    assert [items[1].document.text for items in (train, dev, test)] == ["in train", "in dev", "in test"]
    shared = ExperimentConfig.model_validate(settings | {"data": data | {"test": data["train"]}})
    with pytest.raises(ConfigError, match=r"data\.conll' is in train and in test"):
        select_documents(shared, load_corpus(shared.data))


def test_sentences_without_any_span(fit_data):
    metrics = fit_data("conll", "conll", train="It O\n\nGao B-P\n\nrained O\n\n", dev="a O\n\nb O\n")
    assert metrics["dev"]["entity_f1"]["gold"] == 0


def test_several_labels_of_which_some_never_occur(fit_data):
    rows = "".join(f"Report {n}.\t{n % 2}\t0\t{int(n % 3 == 0)}\n" for n in range(20))
    metrics = fit_data("classification", "tsv", train=rows, metric="example_f1")
    assert 0 <= metrics["dev"]["example_f1"] <= 1


def test_evaluation_of_the_test_file_gives_the_test_metrics_of_fit(fit_data, tmp_path):
    train = "notes\tx\ty\na\tGao fell.\tA\nb\tIt fell.\tB\nc\tIt is.\tB\n"
    settings = {"text_column": 1, "label_columns": [2], "header": True, "prefix": "x-"}
    expected = fit_data("classification", "txt", settings, train=train, test="n\tx\ty\n1\tGao is.\tA\n")
    options = ["--data", str(tmp_path / "test.txt"), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(main, ["evaluate", str(tmp_path / "runs" / "odd"), *options])
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "out" / "metrics.json").read_text()) == expected["test"]
