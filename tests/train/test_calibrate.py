import numpy as np
import pytest

from conflictcoder import EventCoder
from conflictcoder.calibration import Calibration
from conflictcoder.labels import LabelSpace
from conflictcoder.torch_runtime import TorchRuntime, load_model
from conflictcoder.windows import WindowEncoder
from train.calibrate import decode_documents, fit_calibration, fit_temperatures
from train.features import training_rows, window_documents
from train.head_scores import collect_head_scores
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


def mistaken_outputs(documents, outputs, labels):
    """The outputs with every third row wrong, and each head's scores at a deviation of 0.5.

    So no head is so sure, or so often right, that surer scores would leave its temperature at the same bound.
    """
    wrong = [{name: array.copy() for name, array in window.items()} for window in outputs]
    for window in wrong:
        for name in ("spans", "event_types", "realis"):
            window[name][1::3] = np.roll(window[name][1::3], 1, axis=-1)
        window["mentions"][1::3] *= -1
    heads = collect_head_scores(documents, [wrong], labels)
    scales = {
        "mentions" if head == "arguments" else head: scores.scores.std() for head, scores in heads.items()
    }
    return [{name: array * 0.5 / scales.get(name, 0.5) for name, array in window.items()} for window in wrong]


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
    mistaken = mistaken_outputs(documents, outputs, labels)
    surer = [{**window, output: window[output] * 4} for window in mistaken]
    before, after = (fit_temperatures(documents, [arrays], labels) for arrays in (mistaken, surer))
    assert after.pop(f"{head}_temperature") > before.pop(f"{head}_temperature")
    assert after == before
    assert len(before) == 3


def test_calibration_is_stored_in_the_checkpoint(tiny_run):
    stored = EventCoder.from_pretrained(tiny_run).config.calibration
    assert stored != Calibration()
    assert Calibration.from_dict(stored.to_dict()) == stored


def test_unknown_calibration_is_refused():
    with pytest.raises(TypeError):
        Calibration.from_dict({"nonsense": 1.0})
