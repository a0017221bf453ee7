import pytest

from train.config import load_config
from train.files import write_json
from train.provenance import METRICS, PROVENANCE
from train.sweep import Point, SweepError, collect

from ..conftest import ROOT


@pytest.fixture
def points(tmp_path):
    """Two finished runs that differ in their name and seed."""
    made = []
    for seed in (1, 2):
        overrides = [f"name=run-{seed}", f"seed={seed}", f"output={tmp_path}"]
        config = load_config(ROOT / "configs" / "quickstart.toml", overrides)
        config.run_folder.mkdir()
        scores = {"entity_f1": {"f1": seed / 10}, "sentences": 4}
        write_json({"dev": scores, "test": scores}, config.run_folder / METRICS)
        origin = {"config": config.model_dump(), "data": {"a.ann": "hash"}, "commit": "c", "finished": seed}
        write_json(origin, config.run_folder / PROVENANCE)
        made.append(Point({"seed": seed}, config))
    return made


def test_scores_and_what_all_runs_share(points):
    result = collect(points, varied=("seed", "data.train_share"))
    assert result["points"] == [
        {"seed": 1, "dev": {"entity_f1": 0.1}, "test": {"entity_f1": 0.1}},
        {"seed": 2, "dev": {"entity_f1": 0.2}, "test": {"entity_f1": 0.2}},
    ]
    assert result["commit"] == "c"
    assert not {"name", "seed"} & result["config"].keys()
    assert "train_share" not in result["config"]["data"]


def test_other_settings_and_unfinished_runs_are_refused(points):
    with pytest.raises(SweepError, match="run-2: was made with other settings, data or code"):
        collect(points, varied=())
    (points[1].config.run_folder / METRICS).unlink()
    with pytest.raises(SweepError, match="run-2: is not finished; train it first"):
        collect(points, varied=("seed",))
