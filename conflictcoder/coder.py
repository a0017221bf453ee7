"""The coder: articles in, documents with events out."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from tokenizers import Tokenizer

from conflictcoder.bundle import (
    CONFIG,
    MODEL,
    TOKENIZER,
    BundleConfig,
    check_manifest,
    default_bundle,
    fingerprint,
    is_bundle,
    read_config,
    resolve_checkpoint,
)
from conflictcoder.calibration import BALANCED, expect_operating_point
from conflictcoder.decoding import Decoder, Outputs
from conflictcoder.document import Article, Document, expect_str
from conflictcoder.errors import CheckpointError
from conflictcoder.runtime import Runtime, expect_threads
from conflictcoder.sentences import split_sentences
from conflictcoder.windows import Window, WindowEncoder

# A window's outputs take more memory than all else that is known of it (684 KB for the 128 tokens of
# the shipped bundle), so only a few windows have theirs at a time: more than most articles have.
_WINDOWS_AN_ARTICLE = 8
_LOOK_AHEAD = 4  # tasks a worker: enough to keep it busy, few enough to stay small in memory


@dataclass(frozen=True)
class Origin:
    """Where a coder was loaded from, and how.

    Attributes:
        checkpoint: The folder; None for the bundle that comes with the package, wherever that is.
        device: The device.
        threads: Threads for one window.
        operating_point: The operating point.
    """

    checkpoint: Path | None
    device: str
    threads: int
    operating_point: str = BALANCED


class EventCoder:
    """Codes articles; made by `from_pretrained`.

    It holds no state between calls, so the same text gives the same answer, and calls from several
    threads are safe. A pickled coder is the name of its checkpoint, which the other process loads
    again: hand it to `multiprocessing`, joblib or Ray as it is. With a bundle, a forked process may
    use the coder of its parent if no call was running at the fork; with torch it is told to load
    its own.

    Args:
        runtime: Runs the network.
        encoder: Makes windows of sentences.
        decoder: Makes documents of the network's outputs.
        config: What `info` tells about the checkpoint.
        origin: Where it was loaded from, if it was.
    """

    def __init__(
        self,
        runtime: Runtime,
        encoder: WindowEncoder,
        decoder: Decoder,
        config: BundleConfig,
        *,
        origin: Origin | None = None,
    ) -> None:
        self._runtime = runtime
        self._encoder = encoder
        self._decoder = decoder
        self._origin = origin
        self.config = config

    def __reduce__(self) -> tuple[Callable[[Origin], EventCoder], tuple[Origin]]:
        if self._origin is None:
            raise TypeError(
                "this EventCoder was put together from parts and cannot be sent to another process; "
                "send one that from_pretrained loaded, or put it together there"
            )
        return _load, (self._origin,)

    @classmethod
    def from_pretrained(
        cls,
        checkpoint: str | Path | None = None,
        *,
        device: str = "cpu",
        threads: int = 1,
        operating_point: str = BALANCED,
    ) -> EventCoder:
        """Load a checkpoint.

        Args:
            checkpoint: A bundle, or the folder of a training run or checkpoint (which needs the extra
                `torch`). Without it, the bundle that comes with the package.
            device: `cpu`, `cuda` or another torch device. A bundle runs on the CPU.
            threads: Threads that onnxruntime uses for one window.
            operating_point: `balanced` for the best F1; `precision` for fewer mistakes among the
                answers (the best F0.5 on development documents); `recall` for fewer events missed
                (the best F2).

        Raises:
            TypeError: `operating_point` is no str, or `threads` no int.
            ValueError: No operating point is called so, or `threads` is less than one.
            CheckpointError: There is no such checkpoint, it is damaged, it cannot run here, or it
                lacks the operating point.
        """
        expect_operating_point(operating_point)
        expect_threads("threads", threads)
        folder = default_bundle() if checkpoint is None else Path(checkpoint)
        origin = Origin(None if checkpoint is None else folder.absolute(), device, threads)
        place = resolve_checkpoint(folder)
        load = cls._from_bundle if is_bundle(place) else cls._from_checkpoint
        return load(place, origin).at(operating_point)

    @classmethod
    def _from_bundle(cls, folder: Path, origin: Origin) -> EventCoder:
        if origin.device != "cpu":
            raise CheckpointError(
                f"a bundle runs on the CPU, not on {origin.device!r}; for a GPU give a training checkpoint"
            )
        from conflictcoder.onnx_runtime import OnnxRuntime

        check_manifest(folder)
        config = read_config(folder)
        runtime = OnnxRuntime(folder / MODEL, config.labels, threads=origin.threads)
        return cls.assemble(runtime, read_tokenizer(folder), config, origin=origin)

    @classmethod
    def _from_checkpoint(cls, folder: Path, origin: Origin) -> EventCoder:
        try:
            from conflictcoder.torch_runtime import TorchRuntime, load_model, read_bundle_config
        except ImportError as error:
            message = f"{folder}: a training checkpoint needs `pip install conflictcoder[torch]` ({error})"
            raise CheckpointError(message) from None
        model = load_model(folder)
        config = read_bundle_config(model, folder, {"checkpoint": str(folder)})
        runtime = TorchRuntime(model, device=origin.device)
        return cls.assemble(runtime, read_tokenizer(folder), config, origin=origin)

    @classmethod
    def assemble(
        cls,
        runtime: Runtime,
        tokenizer: Tokenizer,
        config: BundleConfig,
        *,
        origin: Origin | None = None,
    ) -> EventCoder:
        """Put a coder together from its parts.

        Raises:
            CheckpointError: The window of the config is too small for the tokenizer.
        """
        size = {"max_tokens": config.max_tokens, "max_sentences": config.max_sentences}
        try:
            encoder = WindowEncoder(tokenizer, **size)
        except ValueError as error:
            raise CheckpointError(f"{CONFIG}: {error}; train or export the checkpoint again") from None
        return cls(runtime, encoder, Decoder(config.labels, config.calibration), config, origin=origin)

    @property
    def fingerprint(self) -> str:
        """What the answers depend on besides the text: checkpoint, device and operating point."""
        origin = self._origin
        if origin is None:
            raise ValueError("this EventCoder was put together from parts and has no fingerprint")
        checkpoint = fingerprint(origin.checkpoint or default_bundle())
        return f"{checkpoint} on {origin.device}, {origin.operating_point}"

    def at(self, operating_point: str) -> EventCoder:
        """A coder with the same network at another operating point; this one stays as it is.

        Args:
            operating_point: `precision`, `balanced` or `recall`, as in `from_pretrained`.

        Raises:
            TypeError: It is no str.
            ValueError: No operating point is called so.
            CheckpointError: The checkpoint lacks it.
        """
        calibration = self.config.calibration.at(operating_point)
        origin = self._origin and replace(self._origin, operating_point=operating_point)
        decoder = Decoder(self.config.labels, calibration)
        return EventCoder(self._runtime, self._encoder, decoder, self.config, origin=origin)

    @property
    def runtime(self) -> Runtime:
        """What runs the network."""
        return self._runtime

    @property
    def encoder(self) -> WindowEncoder:
        """What makes windows of sentences."""
        return self._encoder

    def with_runtime(self, runtime: Runtime) -> EventCoder:
        """The same coder with another runtime; this one stays as it is."""
        return EventCoder(runtime, self._encoder, self._decoder, self.config)

    def code(self, text: str, *, id: str = "", date: str = "", title: str = "") -> Document:
        """Code one article.

        Args:
            text: Its raw text.
            id: Anything that identifies it.
            date: Date of publication, ISO 8601.
            title: Title, carried along.

        Raises:
            TypeError: An argument is no str.
        """
        expect_str("Article.text", text)  # for without it an Article asks for sentences
        return self.code_article(Article(text=text, id=id, date=date, title=title))

    def code_article(self, article: Article) -> Document:
        """Code one article, raw or already split.

        Raises:
            TypeError: It is no Article.
        """
        return self._code_batch([_expect_article(article)])[0]

    def code_many(self, articles: Iterable[Article], *, workers: int = 1) -> Generator[Document, None, None]:
        """Code any number of articles, reading only a few ahead.

        Args:
            articles: Any iterable of `Article`.
            workers: Threads; onnxruntime computes outside of Python's lock, so one a core pays.

        Yields:
            One document for each article, in their order. If an item is bad, its document has
            `error` set, and the rest goes on.

        Raises:
            ValueError: `workers` is less than one.
            TypeError: `workers` is no int, or `articles` is text or not iterable.
            Exception: What `articles` raised, once all that it gave before is coded and handed out.
        """
        if isinstance(articles, (str, bytes)) or not isinstance(articles, Iterable):
            raise TypeError(f"expected an iterable of Article, got {type(articles).__name__}")
        expect_threads("workers", workers)
        return self._generate(iter(articles), workers)

    def _generate(self, articles: Iterator[Article], workers: int) -> Generator[Document, None, None]:
        batches = _Batches(articles, self._runtime.batch_articles)
        if workers == 1:
            for batch in batches:
                yield from self._code_safely(batch)
        else:
            yield from self._code_in_threads(batches, workers)
        if batches.error:
            raise batches.error

    def _code_in_threads(self, batches: Iterator[list[Article]], workers: int) -> Iterator[Document]:
        pool = ThreadPoolExecutor(workers, thread_name_prefix="conflictcoder")
        pending: deque[Future[list[Document]]] = deque()
        try:
            for batch in batches:
                pending.append(pool.submit(self._code_safely, batch))
                if len(pending) >= workers * _LOOK_AHEAD:
                    yield from pending.popleft().result()
            while pending:
                yield from pending.popleft().result()
        finally:
            # Also reached when the caller stops early and closes the generator.
            pool.shutdown(wait=True, cancel_futures=True)

    def _code_safely(self, batch: Sequence[Article]) -> list[Document]:
        try:
            return self._code_batch([_expect_article(article) for article in batch])
        except CheckpointError:
            raise  # no article of all would fare better
        except Exception as error:  # whatever is wrong with one article must not stop the others
            if len(batch) > 1:
                return [document for article in batch for document in self._code_safely([article])]
            message = f"{type(error).__name__}: {error}"
            article = batch[0]
            if not isinstance(article, Article):
                return [Document("", "", "", "", error=message)]
            return [Document(article.id, article.title, article.date, _text(article), error=message)]

    def _code_batch(self, articles: Sequence[Article]) -> list[Document]:
        split = [_sentences(article) for article in articles]
        encoded = [[self._encoder.encode(sentence) for sentence, _ in spans] for spans in split]
        windows = [self._encoder.pack(sentences) for sentences in encoded]
        outputs = self._run([window for own in windows for window in own])
        documents = []
        for article, spans, sentences, own in zip(articles, split, encoded, windows, strict=True):
            coded = self._decoder.decode(spans, sentences, own, itertools.islice(outputs, len(own)))
            documents.append(Document(article.id, article.title, article.date, _text(article), coded))
        return documents

    def _run(self, windows: Sequence[Window]) -> Iterator[Outputs]:
        """The outputs of windows, of which only those of one group are in memory at a time."""
        size = _WINDOWS_AN_ARTICLE * self._runtime.batch_articles
        for first in range(0, len(windows), size):
            yield from self._runtime.run(windows[first : first + size])


class _Batches(Iterator[list[Article]]):
    """Articles in batches; an error of their iterator is kept until what came before it is coded."""

    def __init__(self, articles: Iterator[Article], size: int) -> None:
        self._articles = articles
        self._size = size
        self.error: Exception | None = None

    def __next__(self) -> list[Article]:
        batch: list[Article] = []
        while len(batch) < self._size and self.error is None:
            try:
                batch.append(next(self._articles))
            except StopIteration:
                break
            except Exception as error:  # whatever it is, the caller gets it
                self.error = error
        if not batch:
            raise StopIteration
        return batch


def _load(origin: Origin) -> EventCoder:
    return EventCoder.from_pretrained(
        origin.checkpoint,
        device=origin.device,
        threads=origin.threads,
        operating_point=origin.operating_point,
    )


def read_tokenizer(folder: Path) -> Tokenizer:
    """Read a checkpoint's tokenizer.

    Raises:
        CheckpointError: It is missing or malformed.
    """
    try:
        return Tokenizer.from_file(str(folder / TOKENIZER))
    except Exception as error:  # the library raises bare exceptions
        raise CheckpointError(f"{folder / TOKENIZER}: cannot be read ({error})") from None


def _text(article: Article) -> str:
    return " ".join(article.sentences or ()) if article.text is None else article.text


def _sentences(article: Article) -> list[tuple[str, int]]:
    """Text and start of each sentence of an article."""
    if article.sentences is None:
        text = _text(article)
        return [(text[start:end], start) for start, end in split_sentences(text)]
    starts = itertools.accumulate((len(sentence) + 1 for sentence in article.sentences), initial=0)
    return list(zip(article.sentences, starts, strict=False))


def _expect_article(article: object) -> Article:
    if not isinstance(article, Article):
        raise TypeError(f"expected an Article, got {type(article).__name__}")
    return article
