from pathlib import Path

import pytest

from train.config import AnnotatedData, ClassificationData, ConllData, JointData
from train.data.paths import data_paths, rebase

CONLL = {"type": "conll", "train": ["a.txt"], "dev": ["b.txt"], "test": ["/c.txt"], "tag_column": 3}
TABLE = {"type": "classification", "train": ["d.tsv"], "dev": ["e.tsv"], "header": True}


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (AnnotatedData(paths=["x", "y"], ontology="o", splits="s"), ["r/x", "r/y", "r/o", "r/s"]),
        (ConllData.model_validate(CONLL), ["r/a.txt", "r/b.txt", "/c.txt"]),
        (ClassificationData.model_validate(TABLE), ["r/d.tsv", "r/e.tsv"]),
        (
            JointData.model_validate({"type": "joint", "sources": [CONLL, TABLE]}),
            ["r/a.txt", "r/b.txt", "/c.txt", "r/d.tsv", "r/e.tsv"],
        ),
    ],
)
def test_relative_paths_start_in_the_folder(data, names):
    moved = rebase(data, Path("r"))
    assert [path.as_posix() for path in data_paths(moved)] == names
    assert [path.as_posix() for path in data_paths(data)] == [name.removeprefix("r/") for name in names]
    assert type(moved) is type(data)


def test_other_settings_stay():
    data = JointData.model_validate({"type": "joint", "sources": [CONLL, TABLE], "dev_share": 0.3})
    moved = rebase(data, Path("r"))
    assert (moved.sources[0].tag_column, moved.sources[1].header, moved.dev_share) == (3, True, 0.3)
