"""Codes tables of articles on many machines with Ray Data. Needs the extra `ray`.

Parquet in, Parquet out, one coder a worker, each on a core of its own:

    import ray
    from conflictcoder.ray_data import code_dataset

    coded = code_dataset(ray.data.read_parquet("s3://news/articles"), workers=(4, 64))
    coded.write_parquet("s3://news/coded", min_rows_per_file=100_000)

Every article gives one row, so none is lost unseen: its `id`, its `document` as the JSON that the
command line writes, or its `error`. Answers equal those of one machine; the rows keep the order of
the input only if Ray was told to (`DataContext.get_current().execution_options.preserve_order`).
A worker or machine that dies is replaced, and what it had not finished is done again. Leave a core
or two of the cluster free of workers: Ray Data reads and writes there, and waits for one forever.

`EventRows` makes the rows of `conflictcoder code --format parquet` of that table:

    events = ray.data.read_parquet("s3://news/coded").map_batches(EventRows, batch_format="pyarrow")
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conflictcoder.arrow import event_rows, event_schema, field_rows, find_columns, require_pyarrow
from conflictcoder.calibration import BALANCED
from conflictcoder.coder import EventCoder
from conflictcoder.document import Article, Document
from conflictcoder.ontology import Ontology
from conflictcoder.records import Columns, article_of_row

if TYPE_CHECKING:
    from ray.data import Dataset

# Articles in a task: done again when a worker dies, and the grain in which work is shared out.
_TASK_ROWS = 128
_TASKS_AHEAD = 2  # that a worker holds; more would leave others idle near the end


class CodeArticles:
    """Codes batches of articles: a stateful actor for `Dataset.map_batches`.

    Args:
        checkpoint: A folder that every machine can read; without it the bundle of the package.
        device: `cpu`, `cuda` or another torch device.
        columns: Which column holds what; `id` is needed, since rows have no numbers here.
        operating_point: `balanced`, `precision` or `recall`, as in `EventCoder.from_pretrained`.
    """

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        *,
        device: str = "cpu",
        columns: Columns | None = None,
        operating_point: str = BALANCED,
    ) -> None:
        self._coder = EventCoder.from_pretrained(checkpoint, device=device, operating_point=operating_point)
        given = columns or Columns()
        self._columns = replace(given, id=given.name("id"))

    def __call__(self, batch: Any) -> Any:  # noqa: ANN401 - pyarrow.Table
        """Code a batch.

        Args:
            batch: A pyarrow table with the columns.

        Returns:
            A pyarrow table with a row for each of the batch: `id`, `document` and `error`, one of
            the latter two null.

        Raises:
            ValueError: A column is missing or of a wrong type.
        """
        found = find_columns(batch.schema, self._columns)
        items = [_read(row, found) for row in field_rows(batch, found)]
        coded = self._coder.code_many(item for item in items if isinstance(item, Article))
        rows = [_row(next(coded)) if isinstance(item, Article) else item for item in items]
        arrow = require_pyarrow("conflictcoder.ray_data")
        text = arrow.string()
        schema = arrow.schema({"id": text, "document": text, "error": text})
        return arrow.Table.from_pylist(rows, schema=schema)


class EventRows:
    """Makes a row of each event of the documents of `CodeArticles`, for `Dataset.map_batches`.

    Args:
        checkpoint: The checkpoint that coded them, whose roles are columns.
    """

    def __init__(self, checkpoint: str | Path | None = None) -> None:
        self._ontology: Ontology = EventCoder.from_pretrained(checkpoint).config.labels.ontology

    def __call__(self, batch: Any) -> Any:  # noqa: ANN401 - pyarrow.Table
        """Make the table of events of a batch.

        Args:
            batch: A pyarrow table with the column `document`.
        """
        arrow = require_pyarrow("conflictcoder.ray_data")
        rows = [row for document in _documents(batch) for row in event_rows(document, self._ontology)]
        return arrow.Table.from_pylist(rows, schema=event_schema(self._ontology))


def code_dataset(
    dataset: Dataset,
    *,
    workers: int | tuple[int, int] = 1,
    checkpoint: str | Path | None = None,
    device: str = "cpu",
    columns: Columns | None = None,
    operating_point: str = BALANCED,
) -> Dataset:
    """Code a dataset of articles, lazily as all of Ray Data.

    Args:
        dataset: A row an article.
        workers: How many coders, or the fewest and the most; each takes a core, or a GPU.
        checkpoint: A folder that every machine can read; without it the bundle of the package.
        device: `cpu`, `cuda` or another torch device.
        columns: Which column holds what.
        operating_point: `balanced`, `precision` or `recall`, as in `EventCoder.from_pretrained`.
    """
    from ray.data import ActorPoolStrategy

    fewest, most = (workers, workers) if isinstance(workers, int) else workers
    gpu = device.startswith("cuda")
    return dataset.repartition(target_num_rows_per_block=_TASK_ROWS).map_batches(
        CodeArticles,
        fn_constructor_args=(checkpoint,),
        fn_constructor_kwargs={"device": device, "columns": columns, "operating_point": operating_point},
        batch_format="pyarrow",
        batch_size=None,
        compute=ActorPoolStrategy(min_size=fewest, max_size=most, max_tasks_in_flight_per_actor=_TASKS_AHEAD),
        num_cpus=None if gpu else 1,
        num_gpus=1 if gpu else None,
    )


def _read(row: dict[str, Any], found: dict[str, str]) -> Article | dict[str, Any]:
    """The article of a row, or the row of the answer that tells what is wrong with it."""
    try:
        return article_of_row(row, found, "")
    except ValueError as error:
        key = row["id"] if isinstance(row["id"], str) else None
        return {"id": key, "document": None, "error": str(error)}


def _row(document: Document) -> dict[str, Any]:
    if document.error is not None:
        return {"id": document.id, "document": None, "error": document.error}
    return {"id": document.id, "document": document.to_json(), "error": None}


def _documents(batch: Any) -> Iterator[Document]:  # noqa: ANN401 - pyarrow.Table
    for text in batch.column("document").to_pylist():
        if text is not None:
            yield Document.from_dict(json.loads(text))
