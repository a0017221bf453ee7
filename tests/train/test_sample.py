import json
from dataclasses import replace

from conflictcoder.coder import read_tokenizer
from conflictcoder.windows import WindowEncoder
from train.features import window_documents
from train.sample import read_sample, write_sample


def test_a_small_corpus_is_kept_whole(tiny_run, ten):
    kept = json.loads((tiny_run / "sample.json").read_text(encoding="utf-8"))
    assert {text for document in kept for text in document} <= {item.text for item in ten.document.sentences}


def test_a_large_corpus_is_sampled_evenly(ten, tiny_run, tmp_path):
    encoder = WindowEncoder(read_tokenizer(tiny_run / "checkpoint"), max_tokens=64)
    documents = [
        replace(ten, document=replace(ten.document, id=str(number), sentences=ten.document.sentences[:1]))
        for number in range(1000)
    ]
    windowed = window_documents(documents, encoder)
    write_sample(windowed, tmp_path / "sample.json")
    windows = read_sample(tmp_path / "sample.json", encoder)
    assert len(windows) == 200
    assert (windows[0].input_ids == windowed[0].windows[0].input_ids).all()
