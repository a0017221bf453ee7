"""The config of an experiment: TOML, strict and typed."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from conflictcoder.errors import ConflictCoderError

CONFIG = "config.toml"  # the resolved config in a run folder


class ConfigError(ConflictCoderError):
    """A config has mistakes; the message lists all of them."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _all_different(values: list[Any]) -> list[Any]:
    if len(set(values)) < len(values):
        raise ValueError("expected different values")
    return values


Share = Annotated[float, Field(ge=0, le=1)]
PartShare = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[int, Field(ge=1)]
PositiveFloat = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
DifferentNumbers = Annotated[list[int], AfterValidator(_all_different)]
DifferentNames = Annotated[list[str], AfterValidator(_all_different)]


class AnnotatedData(_Section):
    """Folders or files of `.ann` or JSON documents, divided by a splits file."""

    type: Literal["annotated"] = "annotated"
    paths: list[str] = Field(min_length=1)
    """Files or folders with labelled documents."""
    ontology: str
    """The ontology file."""
    splits: str
    """TOML file with `[sets]`: lists of document ids; what no list has is in the set `train`."""
    train: list[str] = ["train"]
    """Sets to train on."""
    dev: list[str] = []
    """Sets that choose the checkpoint and the thresholds; empty: `dev_share` of the training documents."""
    test: list[str] = []
    """Sets to evaluate on at the end."""
    dev_share: PartShare = 0.2
    """Share of the training documents that is held out where `dev` is empty."""
    train_share: Share = 1.0
    """Share of the training documents to use, for learning curves."""


class ConllSource(_Section):
    """Token-per-line files with BIO tags."""

    type: Literal["conll"]
    train: list[str] = Field(min_length=1)
    """Training files."""
    dev: list[str] = []
    """Development files; empty: `dev_share` of the training sentences."""
    test: list[str] = []
    """Test files."""
    token_column: int = 0
    """Column of the token, counted from 0."""
    tag_column: int = -1
    """Column of the tag; -1 is the last."""
    prefix: str = ""
    """Put before the name of each type, to keep it apart from one of another source."""


class ConllData(ConllSource):
    """Token-per-line files with BIO tags, as the only data."""

    dev_share: PartShare = 0.15
    """Share of the training sentences that is held out where `dev` is empty."""


class ClassificationSource(_Section):
    """TSV or CSV files with a text and its classes."""

    type: Literal["classification"]
    train: list[str] = Field(min_length=1)
    """Training files."""
    dev: list[str] = []
    """Development files; empty: `dev_share` of the training rows."""
    test: list[str] = []
    """Test files."""
    text_column: int = 0
    """Column of the text, counted from 0."""
    label_columns: DifferentNumbers = []
    """Columns of the labels; empty: all the others. One column: one class a row; several: 0/1 each."""
    header: bool | Literal["auto"] = "auto"
    """Whether the first row names the columns; `auto`: if it has titles such as `text` or `label`, or with
    several label columns no 0 or 1; a first row that may be either is an error."""
    prefix: str = ""
    """Put before the name of each class, to keep it apart from one of another source."""

    @model_validator(mode="after")
    def _have_no_text_as_label(self) -> Self:
        if self.text_column in self.label_columns:
            raise ValueError(f"text_column {self.text_column} is one of label_columns too; name another")
        return self


class ClassificationData(ClassificationSource):
    """TSV or CSV files with a text and its classes, as the only data."""

    dev_share: PartShare = 0.15
    """Share of the training rows that is held out where `dev` is empty."""


Source = Annotated[ConllSource | ClassificationSource, Field(discriminator="type")]


class JointData(_Section):
    """Several sources that one model learns together, each of which may lack what others annotate."""

    type: Literal["joint"]
    sources: list[Source] = Field(min_length=1)
    """The sources; either all of them have dev files or none."""
    dev_share: PartShare = 0.15
    """Share of the merged training documents that is held out where the sources have no dev files."""

    @model_validator(mode="after")
    def _have_dev_alike(self) -> JointData:
        if len({bool(source.dev) for source in self.sources}) > 1:
            raise ValueError(
                "some sources have dev files and others have none; give all of them some, or none"
            )
        return self


Data = Annotated[AnnotatedData | ConllData | ClassificationData | JointData, Field(discriminator="type")]
_DATA_TYPES = {"annotated", "conll", "classification", "joint"}


class Model(_Section):
    """The joint model."""

    backbone: str = "minilm"
    """`minilm`, `mpnet`, a folder, or a hub id."""
    start: str = ""
    """A bundle, training checkpoint or run folder on the same backbone, with whose weights training begins:
    the encoder's, and those of the labels that have the same names; empty: the backbone's and new heads."""
    layers: list[str] = []
    """Layers to predict; empty: all that the training data has."""
    max_tokens: Positive = 256
    """Tokens in a window."""
    max_sentences: Positive = 64
    """Sentences in a window; 1 reads each sentence without its neighbours."""
    argument_size: Positive = 128
    """Length of the trigger and mention projections."""
    head_dropout: Share = 0.1
    """Dropout before the heads."""
    attention_dropout: Share = 0.0
    """Dropout of the attention weights; above 0 a CPU trains a quarter slower."""


class LossWeights(_Section):
    """Weight of each head in the sum of losses.

    The losses of types and of arguments are sums over labels and would drown that of the spans, on
    which both depend: with weights of like size mentions and triggers are learnt later and worse.
    """

    spans: NotNegative = 1.0
    """Mentions and triggers."""
    event_types: NotNegative = 0.1
    """Event types of sentences."""
    arguments: NotNegative = 0.2
    """Arguments."""
    realis: NotNegative = 0.05
    """Realis of triggers."""


class Training(_Section):
    """The optimisation."""

    epochs: PositiveFloat = 10
    """Passes over the training windows, at most."""
    batch_size: Positive = 4
    """Windows in a step, on each device."""
    accumulation: Positive = 1
    """Steps whose gradients are added up before an update."""
    encoder_learning_rate: PositiveFloat = 5e-5
    """Peak learning rate of the encoder."""
    head_learning_rate: PositiveFloat = 1e-3
    """Peak learning rate of the heads."""
    layer_decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Factor on the encoder's learning rate for each layer further from the heads."""
    weight_decay: NotNegative = 0.01
    """Decoupled weight decay, on matrices only."""
    warmup: Share = 0.1
    """Share of the steps in which the learning rates rise."""
    schedule: Literal["linear", "cosine", "constant_with_warmup"] = "linear"
    """How the learning rates fall afterwards."""
    max_gradient_norm: PositiveFloat = 1.0
    """Gradients are clipped to this norm."""
    averaging: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Decay for each step of a moving average of the weights, which is what is evaluated; 0: none."""
    patience: Positive = 5
    """Evaluations without a better score after which training stops."""
    evaluations: Positive = 10
    """About how many times the development documents are evaluated, evenly over the run: the steps between
    two evaluations are rounded down, so there may be more, and at most one a step."""
    metric: Literal[
        "mean", "entity_f1", "event_type_f1", "event_type_macro_f1", "trig_c", "arg_c", "example_f1"
    ] = "mean"
    """What chooses the best checkpoint; `mean` is that of the F1 scores of all layers."""
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """`auto`: bf16 on a GPU or a CPU that computes in it, else fp32."""
    group_by_length: bool = True
    """Put windows of like length into a batch, which saves padding."""
    tensorboard: bool = False
    """Write TensorBoard logs into the run folder's `tensorboard`."""


class Augmentation(_Section):
    """Altered copies of the training documents."""

    copies: Annotated[int, Field(ge=0)] = 0
    """Copies of each document that are added."""
    replaced: Share = 0.7
    """Share of the mentions that are replaced by others that fit in their place."""
    types: list[str] = []
    """Entity types whose mentions are replaced; empty: all."""


class Distillation(_Section):
    """Learning from the outputs of trained models as well as from the labels."""

    teachers: list[str] = []
    """Run folders or checkpoints whose outputs are averaged; empty: learn from the labels alone."""
    weight: Share = 0.5
    """Weight of the teachers' outputs; the labels have the rest."""
    temperature: PositiveFloat = 2.0
    """Softens both sides' scores of tags and realis."""


class CrossValidation(_Section):
    """Leave-one-document-out cross-validation."""

    sets: DifferentNames = []
    """Sets whose documents are left out one at a time; the rest of them is trained on with `data.train`."""
    seeds: DifferentNumbers = []
    """Seeds to repeat it with; empty: the experiment's."""


MetricName = Literal[
    "entity_f1", "event_type_f1", "event_type_macro_f1", "example_f1", "trig_c", "trig_i", "arg_c", "arg_i"
]


class Rates(_Section):
    """A pair of learning rates."""

    encoder: PositiveFloat
    """Peak learning rate of the encoder."""
    head: PositiveFloat
    """Peak learning rate of the heads."""
    backbone: str = ""
    """The only `model.backbone` that these are for; empty: each that has none of its own."""

    def __str__(self) -> str:
        """What the folders of its runs are called after."""
        return f"encoder{self.encoder:g}-head{self.head:g}"


class PublishedResult(_Section):
    """A result to compare with."""

    score: Annotated[float, Field(ge=0, le=100)]
    """The score, in percent."""
    model: str
    """Whose it is."""
    source: str
    """Where it stands."""


class Benchmark(_Section):
    """How `benchmark` runs the experiment; the data's paths are relative to its `--data`."""

    metrics: list[MetricName] = []
    """Metrics of the test documents to report; at least one for `benchmark`."""
    grid: list[Rates] = []
    """Rates to choose from on the development documents; none for the backbone: those of `training`."""
    seeds: DifferentNumbers = Field(default=[13, 14, 15], min_length=1)
    """Seeds of the reported runs; the first also chooses the rates."""
    published: dict[MetricName, PublishedResult] = {}
    """Best public result of a metric."""

    @field_validator("grid")
    @classmethod
    def _have_own_folders(cls, grid: list[Rates]) -> list[Rates]:
        """Refuse pairs that would share a folder: the checkpoint of one that is beaten is deleted."""
        folders = [(rates.backbone, str(rates)) for rates in grid]
        if len(set(folders)) < len(folders):
            raise ValueError("expected different pairs, of which at least one rate differs in six digits")
        return grid

    def rates_for(self, backbone: str) -> list[Rates]:
        """The rates to choose from for a backbone: its own or, if it has none, those for any."""
        own = [rates for rates in self.grid if rates.backbone == backbone]
        return own or [rates for rates in self.grid if not rates.backbone]


class ExperimentConfig(_Section):
    """One experiment."""

    name: str
    """Name of the run folder."""
    output: str = "runs"
    """Folder of the run folders."""
    seed: int = 13
    """Seed of everything that is random."""
    data: Data
    """Where the labelled documents are."""
    model: Model = Model()
    """The joint model."""
    loss: LossWeights = LossWeights()
    """Weights of the heads."""
    training: Training = Training()
    """The optimisation."""
    augmentation: Augmentation = Augmentation()
    """Altered copies of the training documents."""
    distillation: Distillation = Distillation()
    """Learning from trained models."""
    crossval: CrossValidation = CrossValidation()
    """What `crossval` leaves out."""
    benchmark: Benchmark = Benchmark()
    """How `benchmark` runs it."""

    @field_validator("name")
    @classmethod
    def _stay_in_output(cls, name: str) -> str:
        """Refuse a name whose run folder would be the output folder or outside it: runs are thrown away."""
        path = Path(name)
        if not path.parts or path.is_absolute() or ".." in path.parts:
            raise ValueError("expected the name of a folder inside `output`")
        return name

    @property
    def run_folder(self) -> Path:
        """Where everything about the run goes."""
        return Path(self.output) / self.name

    @property
    def origins(self) -> dict[str, str]:
        """The trained models that the run learns from, and the key that names each."""
        start = {self.model.start: "model.start"} if self.model.start else {}
        return start | dict.fromkeys(self.distillation.teachers, "distillation.teachers")


def load_config(path: Path, overrides: Sequence[str] = ()) -> ExperimentConfig:
    """Read a config file.

    Args:
        path: The TOML file.
        overrides: `section.key=value` each; the value is TOML, or else text.

    Raises:
        ConfigError: The file is missing or has mistakes; the message lists all.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror}); the configs are in configs/"
        raise ConfigError(message) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    for override in overrides:
        _apply(data, override)
    try:
        return ExperimentConfig.model_validate(data)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(path, item) for item in error.errors())) from None


def load_configs(
    folder: Path, overrides: Sequence[str] = (), only: Sequence[str] = ()
) -> list[ExperimentConfig]:
    """Read the config files of a folder, sorted by name.

    Args:
        folder: The folder, or one file.
        overrides: `section.key=value` each, for all of them.
        only: Names of the files to read, without `.toml`; empty: all.

    Raises:
        ConfigError: There is no file, one has mistakes, or a name of `only` has no file.
    """
    files = {path.stem: path for path in (sorted(folder.glob("*.toml")) if folder.is_dir() else [folder])}
    if not files:
        raise ConfigError(f"{folder}: has no .toml file; give a folder of configs")
    for name in only:
        if name not in files:
            raise ConfigError(f"{folder}: no config {name!r}; it has {', '.join(files)}")
    return [load_config(path, overrides) for name, path in files.items() if not only or name in only]


def _apply(data: dict[str, Any], override: str) -> None:
    dotted, equals, text = override.partition("=")
    if not equals or not dotted:
        raise ConfigError(f"{override!r}: expected section.key=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, key = dotted.split(".")
    for section in sections:
        data = data.setdefault(section, {})
        if not isinstance(data, dict):
            raise ConfigError(f"{override!r}: {section!r} is a value, not a section")
    data[key] = value


def _explain(path: Path, error: Any) -> str:  # noqa: ANN401 - pydantic's error details
    location = [str(part) for part in error["loc"] if part not in _DATA_TYPES]
    text = f"{path}: {'.'.join(location)}: {error['msg']}"
    if error["type"] == "extra_forbidden":
        hint = suggest(location[-1], _known_keys(error["loc"]), "known keys")
        return f"{path}: {'.'.join(location)}: unknown key; {hint}"
    if error["type"] == "missing":
        return f"{text}; add it"
    return f"{text}; got {error['input']!r}"


def suggest(name: str, known: Sequence[str], title: str) -> str:
    """How the message about an unknown name ends: with the known one that is near, or else with all.

    Args:
        name: The unknown name.
        known: The known ones.
        title: What these are.
    """
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"{title}: {', '.join(known)}"


def _known_keys(location: Sequence[Any]) -> list[str]:
    """Keys that would be known where a location's last part is unknown."""
    models: list[type[BaseModel]] = [ExperimentConfig]
    for part in location[:-1]:
        if part in _DATA_TYPES:
            models = [model for model in models if part in get_args(model.model_fields["type"].annotation)]
        elif fields := [model.model_fields[part] for model in models if part in model.model_fields]:
            models = _sections(fields[0].annotation)
        # Else it is the number of a list's item, or the key of a mapping's.
    return sorted(models[0].model_fields)


def _sections(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401 - a type expression
    """The sections that a type expression mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _sections(part)]
