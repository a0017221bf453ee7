import pytest

from train.config import AnnotatedData, ConfigError, ExperimentConfig, load_config

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
        ("data.type=xml", r"data: .*'annotated', 'conll', 'classification'"),
        ("name.x=1", "is a value, not a section"),
        ("training", "expected section.key=value"),
    ],
)
def test_mistakes_are_told_with_path_and_remedy(path, override, message):
    with pytest.raises(ConfigError, match=message):
        load_config(path, [override])


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
