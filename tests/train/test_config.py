import pytest

from train.config import AnnotatedData, ConfigError, ExperimentConfig, load_config, load_configs

from ..conftest import ROOT

MINIMAL = """name = "x"
[data]
type = "annotated"
paths = ["data"]
ontology = "o.yaml"
splits = "s.toml"
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "x.toml"
    file.write_text(MINIMAL)
    return file


def test_defaults_and_overrides(path):
    config = load_config(
        path, ["training.epochs=3", "model.backbone=mpnet", 'data.train=["a", "b"]', "seed=7"]
    )
    assert (config.training.epochs, config.model.backbone, config.seed) == (3, "mpnet", 7)
    assert isinstance(config.data, AnnotatedData)
    assert config.data.train == ["a", "b"]
    assert config.loss.spans == 1.0


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epoch=3", r"training\.epoch: unknown key; did you mean 'epochs'\?"),
        ("trainig.epochs=3", r"trainig: unknown key; did you mean 'training'\?"),
        ("data.split=3", r"data\.split: unknown key; did you mean 'splits'\?"),
        ("training.epochs=-1", r"training\.epochs: .*greater than 0; got -1"),
        ("training.epochs=many", r"training\.epochs: .*; got 'many'"),
        ("training.schedule=steps", r"training\.schedule: .*'linear'.*; got 'steps'"),
        ("data.type=xml", r"data: .*'annotated', 'conll', 'classification', 'joint'"),
        ("name=", r"name: .*a folder inside `output`; got ''"),
        ("name=.", r"name: .*a folder inside `output`; got '\.'"),
        ("name=a/../..", r"name: .*a folder inside `output`; got 'a/\.\./\.\.'"),
        ("name=/tmp/x", r"name: .*a folder inside `output`; got '/tmp/x'"),
        ("data.dev_share=0", r"data\.dev_share: .*greater than 0; got 0"),
        ("data.dev_share=1", r"data\.dev_share: .*less than 1; got 1"),
        ("crossval.seeds=[1, 2, 1]", r"crossval\.seeds: .*expected different values; got \[1, 2, 1\]"),
        ('crossval.sets=["a", "a"]', r"crossval\.sets: .*expected different values"),
        ("benchmark.seeds=[1, 1]", r"benchmark\.seeds: .*expected different values"),
        ("name.x=1", "is a value, not a section"),
        ("training", "expected section.key=value"),
    ],
)
def test_mistakes_are_told_with_path_and_remedy(path, override, message):
    with pytest.raises(ConfigError, match=message):
        load_config(path, [override])


JOINT = """name = "x"
[data]
type = "joint"
[[data.sources]]
type = "conll"
train = ["a.txt"]
[[data.sources]]
type = "classification"
train = ["b.tsv"]
"""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("headers = true", r"data\.sources\.1\.headers: unknown key; did you mean 'header'\?"),
        ("dev_share = 0.1", r"data\.sources\.1\.dev_share: unknown key"),
        ('dev = ["c.tsv"]', r"data: .*some sources have dev files and others have none"),
        ('[[data.sources]]\ntype = "joint"', r"data\.sources\.2: .*'conll', 'classification'"),
        ('[benchmark]\nmetrics = ["f1"]', r"benchmark\.metrics\.0: .*'entity_f1'.*; got 'f1'"),
        (
            "[benchmark.published.entity_f1]\nscor = 1",
            r"published\.entity_f1\.scor: unknown key; did you mean 'score'",
        ),
    ],
)
def test_mistakes_in_lists_and_mappings_of_sections(tmp_path, line, message):
    path = tmp_path / "joint.toml"
    path.write_text(JOINT)
    assert len(load_config(path).data.sources) == 2
    path.write_text(f"{JOINT}{line}\n")
    with pytest.raises(ConfigError, match=message):
        load_config(path)


def test_configs_of_a_folder(tmp_path):
    for name in "ba":
        (tmp_path / f"{name}.toml").write_text(MINIMAL.replace('"x"', f'"{name}"'))
    assert [config.name for config in load_configs(tmp_path)] == ["a", "b"]
    assert [config.name for config in load_configs(tmp_path, ["seed=1"], ["b"])] == ["b"]
    assert [config.seed for config in load_configs(tmp_path / "a.toml", ["seed=1"])] == [1]
    with pytest.raises(ConfigError, match="no config 'c'; it has a, b"):
        load_configs(tmp_path, only=["c"])
    with pytest.raises(ConfigError, match="cannot be read"):
        load_configs(tmp_path / "none.toml")


def test_all_mistakes_at_once(path):
    with pytest.raises(ConfigError) as error:
        load_config(path, ["model.backbon=x", "loss.span=1", "seed=no"])
    assert [line.split(": ")[1] for line in str(error.value).splitlines()] == [
        "seed",
        "model.backbon",
        "loss.span",
    ]


def test_missing_key_and_missing_file(tmp_path):
    empty = tmp_path / "empty.toml"
    empty.write_text("")
    with pytest.raises(ConfigError, match=r"name: Field required; add it"):
        load_config(empty)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "none.toml")
    empty.write_text("a = ")
    with pytest.raises(ConfigError, match="not TOML"):
        load_config(empty)


def test_config_is_frozen(path):
    with pytest.raises(ValueError, match="frozen"):
        load_config(path).seed = 1


def all_configs():
    return sorted((ROOT / "configs").rglob("*.toml"))


def test_there_are_configs():
    assert all_configs()


@pytest.mark.parametrize("config", all_configs(), ids=lambda path: path.stem)
def test_every_config_is_valid_and_its_files_are_there(config):
    data = load_config(config).data
    if isinstance(data, AnnotatedData):
        assert all((ROOT / name).exists() for name in (*data.paths, data.ontology, data.splits))


def test_every_field_is_documented():
    sections = [ExperimentConfig, *ExperimentConfig.model_fields["data"].annotation.__args__]
    for section in sections:
        for name, field in section.model_fields.items():
            assert field.description or name == "type", f"{section.__name__}.{name}"
            nested = field.annotation
            if isinstance(nested, type) and hasattr(nested, "model_fields"):
                assert all(inner.description for inner in nested.model_fields.values()), nested


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("label_columns = [0]", r"data: .*text_column 0 is one of label_columns too"),
        ("label_columns = [1, 2, 1]", r"data\.label_columns: .*expected different values"),
    ],
)
def test_columns_are_different_ones(tmp_path, columns, message):
    path = tmp_path / "x.toml"
    path.write_text(f'name = "x"\n[data]\ntype = "classification"\ntrain = ["x.tsv"]\n{columns}\n')
    with pytest.raises(ConfigError, match=message):
        load_config(path)
