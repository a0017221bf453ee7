import numpy as np
import pytest

from conflictcoder import EventCoder
from conflictcoder.calibration import Calibration
from conflictcoder.labels import LabelSpace
from conflictcoder.torch_runtime import TorchRuntime, load_model
from conflictcoder.windows import WindowEncoder
from train.calibrate import decode_documents, fit_calibration
from train.features import window_documents
from train.metrics.report import compute_metrics


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


def test_calibration_is_stored_in_the_checkpoint(tiny_run):
    stored = EventCoder.from_pretrained(tiny_run).config.calibration
    assert stored != Calibration()
    assert Calibration.from_dict(stored.to_dict()) == stored


def test_unknown_calibration_is_refused():
    with pytest.raises(TypeError):
        Calibration.from_dict({"nonsense": 1.0})
