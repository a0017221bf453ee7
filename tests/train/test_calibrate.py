import numpy as np
import pytest

from conflictcoder import EventCoder
from conflictcoder.calibration import Calibration
from conflictcoder.labels import LabelSpace
from conflictcoder.torch_runtime import TorchRuntime, load_model
from conflictcoder.windows import WindowEncoder
from train.calibrate import decode_documents, fit_calibration, fit_temperatures
from train.features import training_rows, window_documents
from train.head_scores import TEMPERATURES
from train.metrics.items import event_type_items, mention_items, trigger_items
from train.metrics.report import compute_metrics
from train.metrics.scoring import score


@pytest.fixture(scope="module")
def predicted(tiny_run, ten):
    """The ten sentences with the tiny model's outputs."""
    from conflictcoder.coder import read_tokenizer

    model = load_model(tiny_run / "checkpoint")
    encoder = WindowEncoder(read_tokenizer(tiny_run / "checkpoint"), max_tokens=model.config.max_tokens)
    documents = window_documents([ten], encoder)
    return documents, [TorchRuntime(model).run(documents[0].windows)], model.config.label_space()


def test_thresholds_follow_the_scores(predicted):
    """Where every probability is squeezed towards one, the default threshold fails and a fitted one works."""
    documents, (outputs,), labels = predicted
    shifted = [
        {name: array + 9.0 if name == "event_types" else array for name, array in window.items()}
        for window in outputs
    ]

    def quality(calibration):
        pairs = decode_documents(documents, [shifted], labels, calibration)
        return compute_metrics(pairs, labels)["event_type_f1"]["f1"]

    assert quality(Calibration()) < 0.7
    assert quality(fit_calibration(documents, [shifted], labels)) > 0.95


def test_temperature_undoes_overconfidence(predicted):
    documents, (outputs,), labels = predicted
    random = np.random.default_rng(0)
    noisy = [
        {"event_types": random.normal(size=window["event_types"].shape).astype(np.float32) * 20}
        for window in outputs
    ]
    only_types = LabelSpace.of(labels.ontology, {"event_types"})
    assert fit_calibration(documents, [noisy], only_types).event_types_temperature > 2


def noisy_outputs(outputs):
    """The outputs with so much noise that every head makes mistakes."""
    random = np.random.default_rng(0)
    scales = {"spans": 1.2, "event_types": 1.5, "realis": 2.0, "triggers": 0.5, "mentions": 0.5}
    return [
        {
            name: array + random.normal(size=array.shape).astype(np.float32) * scales[name] * array.std()
            for name, array in window.items()
        }
        for window in outputs
    ]


def doubtful_outputs(documents, labels):
    """Outputs that lean to the truth by 3, with noise of a deviation of 1.5: some of each kind are wrong."""
    random = np.random.default_rng(0)
    outputs = []
    for row in training_rows(documents, labels):
        tokens = len(row["input_ids"])
        spans = random.normal(0, 1.5, (tokens, labels.output_sizes()["spans"]))
        known = [number for number, tag in enumerate(row["spans"]) if tag >= 0]
        spans[known, [row["spans"][number] for number in known]] += 3
        types = random.normal(-1.5, 1.5, np.shape(row["event_types"])) + 3 * np.array(row["event_types"])
        outputs.append({"spans": spans.astype(np.float32), "event_types": types.astype(np.float32)})
    return outputs


def test_operating_points_trade_precision_for_recall(predicted):
    (document,), _, labels = predicted
    labels = LabelSpace.of(labels.ontology, {"entities", "events", "event_types"})
    documents = [document] * 10
    flat = iter(doubtful_outputs(documents, labels))
    predictions = [[next(flat) for _ in document.windows] for document in documents]
    fitted = fit_calibration(documents, predictions, labels)
    betas = {"precision": 0.5, "balanced": 1.0, "recall": 2.0}
    decisions = {
        "outside_bias": mention_items,
        "triggers_outside_bias": trigger_items,
        "event_types_threshold": event_type_items,
    }
    for field, items in decisions.items():
        values = [getattr(fitted.at(point), field) for point in betas]
        assert values == sorted(values, reverse=True)
        assert values[0] > values[-1]
        scores = {}
        for point in betas:
            pairs = decode_documents(documents, predictions, labels, fitted.at(point))
            scores[point] = score([(items(guess), items(truth)) for guess, truth in pairs])
        assert scores["precision"].precision > scores["balanced"].precision or values[0] == values[1]
        assert scores["precision"].precision > scores["recall"].precision
        assert scores["recall"].recall > scores["precision"].recall
        for point, beta in betas.items():
            best = max(other.f_beta(beta) for other in scores.values())
            assert scores[point].f_beta(beta) >= best - 0.02


@pytest.mark.parametrize(
    ("output", "head"),
    [("spans", "spans"), ("event_types", "event_types"), ("mentions", "arguments"), ("realis", "realis")],
)
def test_temperature_of_a_head_follows_its_own_scores(predicted, output, head):
    documents, (outputs,), labels = predicted
    noisy = noisy_outputs(outputs)
    surer = [{**window, output: window[output] * 4} for window in noisy]
    before, after = (fit_temperatures(documents, [arrays], labels) for arrays in (noisy, surer))
    colder, hotter = before.pop(f"{head}_temperature"), after.pop(f"{head}_temperature")
    # A model of a few steps may be at a bound already, as weak as it is or as sure.
    assert hotter > colder or hotter == colder in (TEMPERATURES[0], TEMPERATURES[-1])
    assert after == before
    assert len(before) == 3


def test_calibration_is_stored_in_the_checkpoint(tiny_run):
    stored = EventCoder.from_pretrained(tiny_run).config.calibration
    assert stored != Calibration()
    assert Calibration.from_dict(stored.to_dict()) == stored


def test_unknown_calibration_is_refused():
    with pytest.raises(TypeError):
        Calibration.from_dict({"nonsense": 1.0})
