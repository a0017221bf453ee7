import pytest
import torch

from conflictcoder.labels import LabelSpace
from conflictcoder.ontology import Ontology
from train.build import build_model
from train.config import Model
from train.precision import choose_attention, mixed_precision, padding_multiple

LABELS = LabelSpace.of(Ontology(("A",)), {"entities"})


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_named_precision_is_taken_as_it_is(precision):
    switches = mixed_precision(precision)
    assert switches == {"bf16": precision == "bf16", "fp16": precision == "fp16"}


@pytest.mark.parametrize(
    ("precision", "accelerator", "multiple"), [("bf16", 0, 32), ("bf16", 1, 8), ("fp32", 0, 8)]
)
def test_shapes_are_few_where_each_is_compiled(monkeypatch, precision, accelerator, multiple):
    monkeypatch.setattr("torch.accelerator.is_available", lambda: bool(accelerator))
    assert padding_multiple(precision) == multiple


@pytest.mark.skipif(torch.accelerator.is_available(), reason="asks about a CPU")
def test_a_cpu_trains_with_plain_attention_and_the_same_answers(tiny_backbone):
    model = build_model(tiny_backbone, Model(max_tokens=64), LABELS).eval()
    ids = torch.arange(8).unsqueeze(0)
    inputs = ids, torch.ones_like(ids), torch.ones(1, 1, 8, dtype=torch.bool)
    before = model(*inputs).spans
    assert model.encoder.config._attn_implementation == "sdpa"
    choose_attention(model.encoder)
    assert model.encoder.config._attn_implementation == "eager"
    torch.testing.assert_close(model(*inputs).spans, before)
