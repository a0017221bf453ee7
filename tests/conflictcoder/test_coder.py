import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from conflictcoder import Article, CheckpointError, EventCoder
from conflictcoder.bundle import default_bundle, read_config
from conflictcoder.calibration import OperatingPoint
from conflictcoder.coder import read_tokenizer
from conflictcoder.onnx_runtime import OnnxRuntime

from ..conftest import ROOT

HOSTILE = {
    "empty": "",
    "white space": " \n\t\r\n ",
    "control characters": "a\x00b\x07c\x1bd\u200be\ufeff",
    "broken unicode": "army \ud800 rebels \udfff",
    "halves of a pair side by side": "army \ud83d\ude00x rebels",
    "special tokens": "[CLS] Rebels [SEP] captured [MASK][PAD] Namkham [UNK]. <s> </s> <mask>",
    "burmese": "မြန်မာနိုင်ငံတွင် တိုက်ပွဲများ ဖြစ်ပွားခဲ့သည်။ စစ်တပ်က ဆုတ်ခွာသွားသည်။",
    "html": "<html><body><p>Rebels captured Namkham.</p><script>x()</script></body></html>",
    "emoji and right-to-left": "👩‍👩‍👧 استولى المتمردون على المدينة.",
    "one long word": "x" * 200_000,
    "a million characters in one line": "Rebels captured Namkham and " * 36_000,
    "no letters": "... --- !!! ???\n" * 1_000,
}


@pytest.fixture(scope="module")
def coder(tiny_bundle):
    return EventCoder.from_pretrained(tiny_bundle)


@pytest.fixture(scope="module")
def torch_coder(tiny_run):
    return EventCoder.from_pretrained(tiny_run)


def articles():
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "data" / "articles").glob("*.txt"))]
    return [Article(text=text, id=str(number), date="2024-02-06") for number, text in enumerate(texts * 3)]


def test_answers_are_what_was_learnt(coder, ten_articles):
    (document,) = coder.code_many(ten_articles)
    first = document.sentences[0].events[0]
    assert (first.type, first.text) == ("TERRITORY_CAPTURE", "captured")
    assert [mention.text for mention in first.fillers("PLACE")] == ["Namkham"]
    assert all(event.score > 0.5 for event in document.events)


def test_offsets_count_characters(coder):
    text = "👩‍👩‍👧 Rebels captured Namkham on Friday.\n\nTroops withdrew from Lwepan."
    document = coder.code(text, date="2024-01-01", id="x", title="t")
    assert (document.id, document.title, document.date, document.text) == ("x", "t", "2024-01-01", text)
    for sentence in document.sentences:
        assert text[sentence.start : sentence.start + len(sentence.text)] == sentence.text
        for span in (*sentence.entities, *sentence.events):
            assert sentence.text[span.start : span.end] == span.text


def test_given_sentences_are_kept_in_order(coder):
    sentences = ["Rebels captured Namkham.", "", "Troops withdrew.  And left. "]
    document = coder.code_article(Article(sentences=sentences))
    assert [sentence.text for sentence in document.sentences] == sentences
    for sentence in document.sentences:
        assert document.text[sentence.start : sentence.start + len(sentence.text)] == sentence.text


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_gets_a_result(coder, text):
    document = coder.code(text)
    assert document.error is None
    assert document.text == text
    covered = "".join("".join(sentence.text.split()) for sentence in document.sentences)
    assert covered == "".join(text.split())


def test_wrong_types_are_told(coder):
    with pytest.raises(TypeError, match=r"Article\.text must be str, got bytes"):
        coder.code(b"bytes")
    with pytest.raises(TypeError, match=r"Article\.text must be str, got NoneType"):
        coder.code(None)
    with pytest.raises(TypeError, match="expected an Article, got str"):
        coder.code_article("text")
    with pytest.raises(TypeError, match="expected an iterable of Article, got str"):
        coder.code_many("text")
    with pytest.raises(ValueError, match="workers must be at least 1"):
        coder.code_many([], workers=0)


WRONG_COUNTS = {
    1.5: TypeError,
    True: TypeError,
    "2": TypeError,
    None: TypeError,
    -1: ValueError,
    0: ValueError,
}


@pytest.mark.parametrize(("value", "error"), WRONG_COUNTS.items(), ids=map(repr, WRONG_COUNTS))
def test_wrong_numbers_of_threads_are_told(tmp_path, value, error):
    """Told before anything is loaded or coded."""
    got = f"must be (int|at least 1), got {value!r}"
    with pytest.raises(error, match=f"workers {got}"):
        blank_coder().code_many([], workers=value)
    with pytest.raises(error, match=f"threads {got}"):
        EventCoder.from_pretrained(tmp_path, threads=value)
    with pytest.raises(error, match=f"threads {got}"):
        OnnxRuntime(tmp_path, blank_coder().config.labels, threads=value)


@pytest.mark.parametrize("workers", [1, 2])
def test_bad_item_carries_its_error_and_the_rest_goes_on(coder, workers):
    items = [Article(text="Rebels captured Namkham.", id="a"), 7, Article(text="Troops withdrew.", id="b")]
    first, second, third = coder.code_many(items, workers=workers)
    assert (first.id, third.id) == ("a", "b")
    assert (first.error, third.error) == (None, None)
    assert second.error == "TypeError: expected an Article, got int"


def test_batch_equals_single_whatever_the_workers(coder):
    items = articles()
    single = [coder.code_article(article) for article in items]
    assert list(coder.code_many(items)) == single
    assert list(coder.code_many(iter(items), workers=3)) == single


class BlankRuntime:
    """Finds nothing, in outputs as large as the shipped network's."""

    def __init__(self, labels, batch_articles=1):
        self.batch_articles = batch_articles
        self.sizes = labels.output_sizes()
        self.groups = []

    def run(self, windows):
        self.groups.append(len(windows))
        return [self._outputs(len(window.input_ids), len(window.pieces)) for window in windows]

    def _outputs(self, tokens, pieces):
        spans = np.zeros((tokens, self.sizes["spans"]), dtype=np.float32)
        spans[:, 0] = 9.0
        return {
            "spans": spans,
            "event_types": np.full((pieces, self.sizes["event_types"]), -9.0, dtype=np.float32),
            "realis": np.zeros((tokens, self.sizes["realis"]), dtype=np.float32),
            "triggers": np.zeros((tokens, self.sizes["arguments"], 128), dtype=np.float32),
            "mentions": np.zeros((tokens, 128), dtype=np.float32),
        }


def blank_coder(**options):
    config = read_config(default_bundle())
    return EventCoder.assemble(
        BlankRuntime(config.labels, **options), read_tokenizer(default_bundle()), config
    )


def test_memory_of_a_long_article_is_bounded():
    """The outputs of all its windows would take 70 MB."""
    coder = blank_coder()
    text = "Rebels captured Namkham on Friday.\n" * 1_500
    tracemalloc.start()
    try:
        document = coder.code(text)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
    assert len(document.sentences) == 1_500
    assert sum(coder.runtime.groups) > 90


def test_windows_of_several_articles_run_together_up_to_a_bound():
    coder = blank_coder(batch_articles=3)
    short, long = Article(text="Rebels fled."), Article(text="Rebels captured Namkham on Friday.\n" * 600)
    documents = list(coder.code_many([short, short, short, short, long, short]))
    assert [len(document.sentences) for document in documents] == [1, 1, 1, 1, 600, 1]
    first, second, *others = coder.runtime.groups
    assert (first, second) == (3, 24)
    assert all(group <= 24 for group in others)


@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_grouping_of_windows_changes_no_answer(coder, monkeypatch, size):
    items = articles()[:2]
    before = list(coder.code_many(items))
    monkeypatch.setattr("conflictcoder.coder._WINDOWS_AN_ARTICLE", size)
    assert list(coder.code_many(items)) == before


def test_article_that_fails_keeps_its_text():
    class Broken(BlankRuntime):
        def run(self, windows):
            raise RuntimeError("broken")

    coder = blank_coder()
    coder = coder.with_runtime(Broken(coder.config.labels))
    given, raw = coder.code_many([Article(sentences=["Rebels fled.", "Why?"]), Article(text="Rebels fled.")])
    assert (given.text, given.error) == ("Rebels fled. Why?", "RuntimeError: broken")
    assert (raw.text, raw.error) == ("Rebels fled.", "RuntimeError: broken")


def test_both_runtimes_agree(coder, torch_coder):
    items = articles()[:5] + [Article(text=text) for text in HOSTILE.values() if len(text) < 10_000]
    for one, two in zip(coder.code_many(items), torch_coder.code_many(items), strict=True):
        assert [strip(sentence) for sentence in one.sentences] == [strip(s) for s in two.sentences]


def strip(sentence):
    """An answer without its scores, which may differ in the last digits."""
    return (
        [(mention.type, mention.start, mention.end) for mention in sentence.entities],
        [
            (event.type, event.realis, event.start, [(a.role, a.entity) for a in event.arguments])
            for event in sentence.events
        ],
        [entry.type for entry in sentence.event_types],
    )


def test_scores_of_both_runtimes_are_close(coder, torch_coder):
    text = articles()[0].text
    pairs = zip(coder.code(text).sentences, torch_coder.code(text).sentences, strict=True)
    differences = [
        abs(one.score - two.score)
        for left, right in pairs
        for one, two in zip(left.entities, right.entities, strict=True)
    ]
    assert differences
    assert max(differences) < 1e-3


def test_no_call_changes_the_coder(coder):
    before = dict(vars(coder))
    coder.code("Rebels captured Namkham.")
    list(coder.code_many([Article(text="x")], workers=2))
    assert vars(coder) == before


@pytest.mark.parametrize("device", ["foo", "gpu", "meta", "cuda:99", "cuda:x", ""])
def test_device_that_is_not_there(tiny_run, device):
    with pytest.raises(CheckpointError, match=rf"device '{device}': .* no such device here; use cpu"):
        EventCoder.from_pretrained(tiny_run, device=device)


def test_device_is_one_of_those_that_torch_counts(tiny_run, monkeypatch):
    import torch

    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("cuda"))
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: 2)
    with pytest.raises(CheckpointError, match="use cpu or cuda:0 or cuda:1"):
        EventCoder.from_pretrained(tiny_run, device="cuda:2")


def test_batches_of_a_gpu_give_the_answers_of_single_windows(torch_coder, monkeypatch):
    """The padded path, run on the CPU."""
    items = articles()[:5]
    single = list(torch_coder.code_many(items))
    monkeypatch.setattr(torch_coder._runtime, "_gpu", True)
    batched = list(torch_coder.code_many(items))
    for one, two in zip(single, batched, strict=True):
        assert [strip(sentence) for sentence in one.sentences] == [strip(s) for s in two.sentences]


@pytest.mark.parametrize("kind", ["tiny_run", "tiny_bundle"])
def test_operating_point_is_chosen_by_name(request, kind, ten_articles):
    folder = request.getfixturevalue(kind)
    lenient, strict = (EventCoder.from_pretrained(folder, operating_point=p) for p in ("recall", "precision"))
    counts = [
        sum(len(sentence.entities) for sentence in coder.code_article(ten_articles[0]).sentences)
        for coder in (lenient, strict)
    ]
    assert counts[0] >= counts[1] > 0
    assert lenient.config == strict.config


def test_operating_point_that_nobody_knows(tmp_path):
    """Told before anything is loaded: there is not even a checkpoint here."""
    with pytest.raises(ValueError, match="'exact': expected one of 'precision', 'balanced', 'recall'"):
        EventCoder.from_pretrained(tmp_path, operating_point="exact")
    with pytest.raises(TypeError, match="must be a str"):
        EventCoder.from_pretrained(tmp_path, operating_point=None)


def test_coder_at_another_point_decides_by_its_thresholds(tiny_bundle, ten_articles):
    coder = EventCoder.from_pretrained(tiny_bundle)
    nothing = OperatingPoint(100.0, 100.0, 1.0, 1.0)
    calibration = replace(coder.config.calibration, operating_points={"precision": nothing})
    other = EventCoder.from_pretrained(tiny_bundle)
    other.config = replace(coder.config, calibration=calibration)
    assert not list(other.at("precision").code_article(ten_articles[0]).events)
    assert list(other.code_article(ten_articles[0]).events)
    with pytest.raises(CheckpointError, match="no operating point 'recall', only precision, balanced"):
        other.at("recall")
