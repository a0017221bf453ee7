import json

import pytest
from click.testing import CliRunner
from rich.console import Console

import train.benchmark
from train.benchmark import place_benchmark
from train.benchmark_report import print_results, run_all
from train.cli import main
from train.config import ExperimentConfig, load_config
from train.data.paths import data_paths, rebase
from train.files import write_json

from ..conftest import ROOT

WHO = ["Rebels", "Troops", "Police"]
VERBS = {"took": "CAPTURE", "left": "RETREAT"}
CONFIG = """name = "{name}"
{data}
[model]
backbone = "BACKBONE"
max_tokens = 64
[training]
epochs = 2
batch_size = 4
encoder_learning_rate = 1e-3
head_learning_rate = 2e-3
evaluations = 2
precision = "fp32"
metric = "{metric}"
[benchmark]
metrics = {metrics}
grid = [{{ encoder = 1e-3, head = 2e-3 }}, {{ encoder = 1e-9, head = 1e-9 }}]
seeds = [1, 2]
[benchmark.published.{metric}]
score = 50
model = "a model"
source = "somewhere"
"""
CONLL = 'type = "conll"\ntrain = ["who/train.txt"]\ntest = ["who/test.txt"]\n'
TABLE = 'type = "classification"\ntrain = ["what/train.tsv"]\ntest = ["what/test.tsv"]\n'


def sentences(places):
    return [(who, verb, place) for who in WHO for verb in VERBS for place in places]


@pytest.fixture
def data(tmp_path):
    """Sentences whose actor and class are to be found, the tested ones about other places."""
    for name, places in (("train", ["Gao", "Mabein", "Hopang"]), ("test", ["Dawei"])):
        rows = sentences(places)
        conll = "\n".join(f"{who} B-WHO\n{verb} O\n{place} O\n. O\n" for who, verb, place in rows)
        table = "".join(f"{who} {verb} {place}.\t{VERBS[verb]}\n" for who, verb, place in rows)
        for folder, file, text in (("who", f"{name}.txt", conll), ("what", f"{name}.tsv", table)):
            (tmp_path / "data" / folder).mkdir(parents=True, exist_ok=True)
            (tmp_path / "data" / folder / file).write_text(text)
    return tmp_path / "data"


@pytest.fixture
def configs(tmp_path):
    folder = tmp_path / "configs"
    folder.mkdir()
    joint = f'[data]\ntype = "joint"\n[[data.sources]]\n{CONLL}[[data.sources]]\n{TABLE}'
    recipes = {
        "who": (f"[data]\n{CONLL}", "entity_f1", '["entity_f1"]'),
        "both": (joint, "event_type_macro_f1", '["entity_f1", "event_type_macro_f1"]'),
    }
    for name, (described, metric, metrics) in recipes.items():
        text = CONFIG.format(name=name, data=described, metric=metric, metrics=metrics)
        (folder / f"{name}.toml").write_text(text)
    return folder


@pytest.fixture
def run(configs, data, tiny_backbone, tmp_path):
    def invoke(*arguments, data=data):
        backbone = ["--backbone", tiny_backbone, "--out", tmp_path / "out"]
        options = ["benchmark", configs, *arguments, "--data", data, *backbone]
        return CliRunner().invoke(main, [str(item) for item in options])

    return invoke


def test_rates_are_chosen_on_dev_and_every_seed_is_tested(run, tmp_path, tiny_backbone):
    result = run("training.epochs=30")
    assert result.exit_code == 0, result.stderr
    both, who = json.loads((tmp_path / "out" / "benchmarks.json").read_text())
    assert who["name"] == f"who-{tiny_backbone.name}"
    assert who["chosen"] == {"encoder": 1e-3, "head": 2e-3}  # the other pair learns nothing
    good, bad = who["selection"]
    assert (good["seed"], bad["seed"]) == (1, 1)
    assert good["dev_score"] > bad["dev_score"]
    assert "test" not in bad
    assert [entry["seed"] for entry in who["runs"]] == [1, 2]
    assert who["runs"][0]["test"]["entity_f1"]["f1"] > 0.9
    values = [100 * entry["test"]["entity_f1"]["f1"] for entry in who["runs"]]
    summary = who["metrics"]["entity_f1"]
    assert summary["mean"] == pytest.approx(sum(values) / 2, abs=0.01)
    assert summary["spread"] == pytest.approx(abs(values[0] - values[1]) / 2**0.5, abs=0.01)
    assert summary["published"] == {"score": 50.0, "model": "a model", "source": "somewhere"}
    assert set(both["metrics"]) == {"entity_f1", "event_type_macro_f1"}
    assert both["metrics"]["event_type_macro_f1"]["mean"] > 90
    assert both["runs"][0]["test"]["articles"] == 6
    assert both["finished"] is who["finished"] is True
    assert "class macro F1" in result.stdout
    assert not list((tmp_path / "out").rglob("*.safetensors"))


def test_finished_runs_are_not_repeated(run, tmp_path, monkeypatch):
    fitted = []

    def stop_at_the_third(config, **options):
        if len(fitted) == 2:
            raise KeyboardInterrupt
        fitted.append(config.name)
        return real(config, **options)

    real = train.benchmark.fit
    monkeypatch.setattr(train.benchmark, "fit", stop_at_the_third)
    result = run("--only", "who")
    assert (result.exit_code, "--resume" in result.stderr) == (130, True)
    (folder,) = (path.parent for path in (tmp_path / "out").rglob("result.json"))
    assert json.loads((folder / "result.json").read_text())["finished"] is False
    refused = run("--only", "who")
    assert (refused.exit_code, "--resume keeps them" in refused.stderr) == (1, True)

    monkeypatch.setattr(
        train.benchmark,
        "fit",
        lambda config, **options: fitted.append(config.name) or real(config, **options),
    )
    result = run("--only", "who", "--resume")
    assert result.exit_code == 0, result.stderr
    assert len(fitted) == len(set(fitted)) == 3  # two pairs with seed 1, and the better one with seed 2
    before = (folder / "result.json").read_text()
    assert run("--only", "who", "--resume").exit_code == 0
    assert len(fitted) == 3
    assert json.loads((folder / "result.json").read_text())["runs"] == json.loads(before)["runs"]


def test_finished_run_of_other_settings_or_data_is_not_taken(run, data):
    arguments = ["--only", "who", "--seeds", "1", "training.epochs=1"]
    assert run(*arguments).exit_code == 0
    assert run(*arguments, "--resume", data=data / ".." / "data").exit_code == 0  # the same files
    changed = run("--only", "who", "--seeds", "1", "training.epochs=2", "--resume")
    assert (changed.exit_code, "other settings in training" in changed.stderr) == (1, True)
    (data / "who" / "test.txt").write_text("It O\n")
    changed = run(*arguments, "--resume")
    assert (changed.exit_code, "contents of its data files" in changed.stderr) == (1, True)


def test_run_of_before_a_setting_existed_is_taken(run, tmp_path):
    arguments = ["--only", "who", "--seeds", "1", "training.epochs=1"]
    assert run(*arguments).exit_code == 0
    for path in (tmp_path / "out").rglob("provenance.json"):
        made = json.loads(path.read_text())
        del made["config"]["training"]["averaging"], made["config"]["data"]["prefix"]
        path.write_text(json.dumps(made))
    result = run(*arguments, "--resume")
    assert result.exit_code == 0, result.stderr
    changed = run(*arguments, "--resume", "training.averaging=0.9")
    assert (changed.exit_code, "other settings in training" in changed.stderr) == (1, True)
    path.write_text(json.dumps(made | {"config": made["config"] | {"nonsense": 1}}))
    unknown = run(*arguments, "--resume")
    assert (unknown.exit_code, "made by another version" in unknown.stderr) == (1, True)


@pytest.mark.parametrize(
    ("backbone", "rates"),
    [("mpnet", [(1e-4, 1e-3)]), ("minilm", [(2e-4, 2e-3), (4e-4, 2e-3)]), ("", [(1e-4, 1e-3)])],
)
def test_backbone_has_rates_of_its_own(configs, data, tmp_path, backbone, rates):
    small = ", ".join(f'{{backbone = "minilm", encoder = {rate}, head = 2e-3}}' for rate in (2e-4, 4e-4))
    grid = f"benchmark.grid=[{{encoder = 1e-4, head = 1e-3}}, {small}]"
    config = load_config(configs / "who.toml", [grid])
    placed = place_benchmark(config, data=data, out=tmp_path, backbone=backbone)
    assert [(pair.encoder, pair.head) for pair in placed.benchmark.grid] == rates


def test_grid_may_be_left_out(run, tmp_path):
    result = run("--only", "who", "--seeds", "5", "benchmark.grid=[]", "training.epochs=1")
    assert result.exit_code == 0, result.stderr
    (summary,) = json.loads((tmp_path / "out" / "benchmarks.json").read_text())
    assert summary["chosen"] == {"encoder": 1e-3, "head": 2e-3}
    assert summary["seeds"] == [5]
    assert summary["metrics"]["entity_f1"]["spread"] is None


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--only", "whom"], 2, "no config 'whom'; it has both, who"),
        (["--seeds", "1,x"], 2, "expected different whole numbers"),
        (["--seeds", "1,1"], 2, "expected different whole numbers"),
        (["benchmark.metrics=[]"], 2, "benchmark.metrics is empty; name the metrics to report"),
        (["benchmark.metric=[]"], 2, "benchmark.metric: unknown key; did you mean 'metrics'?"),
        (["benchmark.grid=[{encoder=1e-4, heads=1}]"], 2, "grid.0.heads: unknown key; did you mean 'head'?"),
        (
            ["benchmark.grid=[{encoder=1e-4, head=1e-3}, {encoder=1.0000001e-4, head=1e-3}]"],
            2,
            "benchmark.grid: Value error, expected different pairs, of which at least one rate differs",
        ),
        (["--only", "both", "data.sources=[]"], 2, "data.sources: List should have at least 1 item"),
        (
            ["--only", "who", 'benchmark.metrics=["event_type_macro_f1"]'],
            2,
            "benchmark.metrics: 'event_type_macro_f1' scores event_types, and the model predicts entities",
        ),
        (["training.metric=arg_c"], 2, "training.metric: 'arg_c' scores arguments"),
        (["--only", "who", "data.test=[]"], 2, "a benchmark needs test data"),
        (["--only", "who", 'data.train=["none.txt"]'], 1, "none.txt: cannot be read"),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(run, tmp_path, arguments, status, message):
    result = run(*arguments)
    assert (result.exit_code, "Traceback" in result.stderr) == (status, False)
    assert message in result.stderr
    assert not (tmp_path / "out").exists()


def test_benchmark_whose_name_has_a_folder_is_in_the_summary(tmp_path, monkeypatch):
    class Run:
        def __init__(self, config):
            self.config = config

        def run(self):
            self.config.run_folder.mkdir(parents=True)
            write_json({"name": self.config.name}, self.config.run_folder / train.benchmark.RESULT)
            return {}

    monkeypatch.setattr(train.benchmark.BenchmarkRun, "load", lambda config, **options: Run(config))
    data = {"type": "conll", "train": ["train.txt"]}
    names = ["g/x", "y"]
    configs = [ExperimentConfig(name=name, output=str(tmp_path), data=data) for name in names]
    run_all(configs, tmp_path, resume=False, report=print)
    assert [item["name"] for item in json.loads((tmp_path / "benchmarks.json").read_text())] == names


def test_two_configs_of_one_name_are_told_before_anything_is_read(run, configs, tiny_backbone, tmp_path):
    text = (configs / "both.toml").read_text()
    (configs / "third.toml").write_text(text.replace('name = "both"', 'name = "./both"'))
    result = run(data=tmp_path / "gone")
    assert (result.exit_code, "two configs have this run folder; give each" in result.stderr) == (2, True)
    assert str(tmp_path / "out" / f"both-{tiny_backbone.name}") in result.stderr


def test_benchmark_can_be_fitted_as_an_experiment(configs, data, tiny_backbone, tmp_path):
    changes = [f"model.backbone={tiny_backbone}", f"output={tmp_path}", "training.epochs=1"]
    arguments = ["fit", str(configs / "both.toml"), *changes, "--data", str(data)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.stderr
    metrics = json.loads((tmp_path / "both" / "metrics.json").read_text())
    assert metrics["test"]["articles"] == 6
    resolved = load_config(tmp_path / "both" / "config.toml")
    assert all(path.exists() for path in data_paths(resolved.data))


def test_folder_without_configs(data, tmp_path):
    (tmp_path / "empty").mkdir()
    result = CliRunner().invoke(main, ["benchmark", str(tmp_path / "empty"), "--data", str(data)])
    assert (result.exit_code, "has no .toml file" in result.stderr) == (2, True)


def test_table_marks_what_is_missing():
    result = {
        "name": "x",
        "seeds": [1],
        "chosen": {"encoder": 1e-4, "head": 1e-3},
        "metrics": {"entity_f1": {"mean": 71.234, "spread": None, "published": None}},
    }
    console = Console(width=160, record=True)
    print_results([result], console)
    (row,) = [line for line in console.export_text().splitlines() if "71.23" in line]
    cells = [cell.strip() for cell in row.split("│")[1:-1]]
    assert cells == ["x", "entity micro F1", "71.23", "", "", "", "0.0001", "0.001", "1"]


def shipped():
    return sorted((ROOT / "configs" / "benchmarks").glob("*.toml"))


def test_five_benchmarks_are_shipped():
    assert [path.stem for path in shipped()] == [
        "cameo_class",
        "cameo_joint",
        "cameo_ner",
        "re3d",
        "satp_relevant",
    ]


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_shipped_benchmark_is_complete(path):
    config = load_config(path)
    settings = config.benchmark
    assert config.name == path.stem
    assert len(settings.seeds) >= 3
    assert set(settings.published) == set(settings.metrics) != set()
    for backbone in ("mpnet", "minilm"):
        assert len({(rates.encoder, rates.head) for rates in settings.rates_for(backbone)}) >= 3
    paths = data_paths(rebase(config.data, path.parent))
    assert paths
    assert all(item.is_relative_to(path.parent) for item in paths)
