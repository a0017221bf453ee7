"""`code_many` as a generator: what it reads ahead, how it ends, and what it leaves behind."""

import gc
import itertools
import random
import threading

import pytest

from conflictcoder import Article, EventCoder
from train.data.reading import read_annotated

from ..conftest import ROOT

TEXT = "Rebels captured Namkham on Friday."
LOOK_AHEAD = {1: 1, 2: 2 * 4, 3: 3 * 4}  # articles, by workers


@pytest.fixture(scope="module")
def coder(tiny_bundle):
    return EventCoder.from_pretrained(tiny_bundle)


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = threading.active_count()
    yield
    gc.collect()
    assert threading.active_count() == before


class Endless:
    """Articles without end, counted; the one of a certain number raises."""

    def __init__(self, *, raises_at=None, error=None):
        self.taken = 0
        self._raises_at = raises_at
        self._error = error

    def __iter__(self):
        return self

    def __next__(self):
        if self.taken == self._raises_at:
            raise self._error
        self.taken += 1
        return Article(text=TEXT, id=str(self.taken - 1))


@pytest.mark.parametrize("workers", LOOK_AHEAD)
def test_look_ahead_is_bounded_however_slow_the_consumer(coder, workers):
    articles = Endless()
    documents = coder.code_many(articles, workers=workers)
    assert articles.taken == 0
    for number, document in enumerate(itertools.islice(documents, 20)):
        assert document.id == str(number)
        assert articles.taken <= number + LOOK_AHEAD[workers]
    documents.close()
    assert articles.taken <= 19 + LOOK_AHEAD[workers]


@pytest.mark.parametrize("workers", LOOK_AHEAD)
def test_leaving_the_loop_stops_the_threads(coder, workers):
    for document in coder.code_many(Endless(), workers=workers):
        assert document.error is None
        break


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_error_of_the_consumer_stops_the_threads(coder, error):
    def consume():
        for _ in coder.code_many(Endless(), workers=2):
            raise error

    with pytest.raises(error):
        consume()


def test_interrupt_while_it_waits_stops_the_threads(coder):
    documents = coder.code_many(Endless(raises_at=30, error=KeyboardInterrupt()), workers=2)
    with pytest.raises(KeyboardInterrupt):
        list(documents)


@pytest.mark.parametrize("workers", LOOK_AHEAD)
@pytest.mark.parametrize("count", [0, 1, 21])
def test_error_of_the_articles_comes_after_what_was_read(coder, workers, count):
    error = OSError("the source broke")
    documents = coder.code_many(Endless(raises_at=count, error=error), workers=workers)
    ids = []
    with pytest.raises(OSError, match="the source broke") as raised:
        for document in documents:
            ids.append(document.id)
    assert raised.value is error
    assert ids == [str(number) for number in range(count)]


def test_error_in_the_middle_of_a_batch_loses_nothing(tiny_run, monkeypatch):
    coder = EventCoder.from_pretrained(tiny_run)
    monkeypatch.setattr(type(coder._runtime), "batch_articles", property(lambda _: 8))
    ids = []
    with pytest.raises(ValueError, match="broke"):
        for document in coder.code_many(Endless(raises_at=21, error=ValueError("broke"))):
            ids.append(document.id)
    assert ids == [str(number) for number in range(21)]


def test_one_coder_in_several_threads(coder):
    items = [Article(text=f"{TEXT} Item {number}.", id=str(number)) for number in range(60)]
    expected = list(coder.code_many(items))
    answers = {}

    def work(name):
        answers[name] = list(coder.code_many(items, workers=1 + name % 2))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answers[name] == expected for name in range(4)] == [True] * 4


def test_same_text_same_answer_whatever_the_order_and_the_workers(ontology):
    """The shipped model, whose quantised arithmetic could depend on what it computes together."""
    labelled = read_annotated([ROOT / "data" / "annotations" / "written"], ontology)
    texts = sorted({sentence.text for item in labelled for sentence in item.document.sentences}, key=len)
    texts = random.Random(0).sample(texts[: len(texts) // 2], 2000)
    coder = EventCoder.from_pretrained()
    items = [Article(sentences=[text], id=str(number)) for number, text in enumerate(texts)]
    expected = {document.id: document for document in coder.code_many(items)}
    assert sum(len(list(document.events)) for document in expected.values()) > 1000
    for seed, workers in ((1, 2), (2, 3)):
        shuffled = random.Random(seed).sample(items, len(items))
        for article, document in zip(shuffled, coder.code_many(shuffled, workers=workers), strict=True):
            assert document == expected[article.id]
    for article in items[::10]:
        assert coder.code_article(article) == expected[article.id]
