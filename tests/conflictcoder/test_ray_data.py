"""Coding on a cluster of this machine, in a process of its own."""

import json
import os
import subprocess
import sys
import tomllib
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from conflictcoder import Article, EventCoder
from conflictcoder.ray_data import CodeArticles, EventRows, code_dataset
from conflictcoder.records import Columns

from ..conftest import ROOT

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

COUNT = 1500

# Two workers, each of which writes down its process when it starts; one of them is killed.
CLUSTER = """
import os, pathlib, signal, sys, threading, time
import ray
from conflictcoder import ray_data

source, out, checkpoint, pids = sys.argv[1:]

class Watched(ray_data.CodeArticles):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._batches = pathlib.Path(pids, str(os.getpid()))
        self._batches.write_text("")

    def __call__(self, batch):
        with self._batches.open("a") as stream:
            stream.write(".")
        return super().__call__(batch)

def kill_one():
    while True:
        busy = [path for path in pathlib.Path(pids).iterdir() if len(path.read_text()) >= 2]
        if busy:
            os.kill(int(busy[0].name), signal.SIGKILL)
            print("killed", flush=True)
            return
        time.sleep(0.01)

ray.init(num_cpus=4, include_dashboard=False, object_store_memory=100 * 2**20, log_to_driver=False)
ray.data.DataContext.get_current().enable_progress_bars = False
ray_data.CodeArticles = Watched
threading.Thread(target=kill_one, daemon=True).start()
articles = ray.data.read_parquet(source)
ray_data.code_dataset(articles, workers=2, checkpoint=checkpoint).write_parquet(out)
print("workers", len(list(pathlib.Path(pids).iterdir())))
"""


def test_batch_gives_a_row_for_every_article(tiny_bundle):
    coder = EventCoder.from_pretrained(tiny_bundle)
    batch = pa.table({"key": [7, 8, 9], "text": ["Rebels captured Namkham.", None, "x"]})
    table = CodeArticles(tiny_bundle, columns=Columns(id="key"))(batch)
    first, second, third = table.to_pylist()
    document = coder.code("Rebels captured Namkham.", id="7")
    assert first == {"id": "7", "document": document.to_json(), "error": None}
    assert second == {"id": "8", "document": None, "error": "text: empty; expected text"}
    assert third["id"] == "9"
    events = EventRows(tiny_bundle)(table)
    assert events.num_rows == len(list(document.events)) > 0
    assert events.column("PLACE").to_pylist()[0] == ["Namkham"]


@pytest.mark.parametrize(
    ("options", "expected"), [({}, "balanced"), ({"operating_point": "recall"}, "recall")]
)
def test_operating_point_reaches_the_coder_of_each_worker(monkeypatch, options, expected):
    load = MagicMock()
    monkeypatch.setattr(EventCoder, "from_pretrained", load)
    monkeypatch.setitem(sys.modules, "ray.data", SimpleNamespace(ActorPoolStrategy=dict))  # no cluster
    dataset = MagicMock()
    code_dataset(dataset, checkpoint="folder", **options)
    given = dataset.repartition.return_value.map_batches.call_args.kwargs
    CodeArticles(*given["fn_constructor_args"], **given["fn_constructor_kwargs"])
    load.assert_called_once_with("folder", device="cpu", operating_point=expected)


@pytest.mark.parametrize(
    "columns", [{"text": ["x"]}, {"id": ["1"], "txt": ["x"]}, {"id": ["1"], "text": [1]}]
)
def test_table_without_the_columns_is_refused(tiny_bundle, columns):
    with pytest.raises(ValueError, match="column"):
        CodeArticles(tiny_bundle)(pa.table(columns))


def test_extra_that_the_module_names_exists():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert any(item.startswith("ray[data]") for item in project["optional-dependencies"]["ray"])


def test_killed_worker_is_replaced_and_answers_equal_one_machine(tiny_bundle, tmp_path):
    pytest.importorskip("ray", reason="needs the extra ray")
    items = [Article(text=f"Rebels captured Namkham. Item {n}.", id=str(n)) for n in range(COUNT)]
    source, out, pids = (tmp_path / name for name in ("in", "out", "pids"))
    source.mkdir()
    pids.mkdir()
    for part in range(8):
        rows = items[part::8]
        table = pa.table({"id": [item.id for item in rows], "text": [item.text for item in rows]})
        pq.write_table(table, source / f"{part}.parquet")
    script = tmp_path / "script.py"
    script.write_text(CLUSTER)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0"}
    command = [sys.executable, *map(str, (script, source, out, tiny_bundle, pids))]
    result = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()  # among which Ray tells of the death
    assert {"killed", "workers 3"} <= set(lines)
    rows = pq.read_table(out).to_pylist()
    expected = {
        document.id: document for document in EventCoder.from_pretrained(tiny_bundle).code_many(items)
    }
    assert sorted(row["id"] for row in rows) == sorted(expected)
    for row in rows:
        assert row["error"] is None
        assert json.loads(row["document"]) == expected[row["id"]].to_dict()
