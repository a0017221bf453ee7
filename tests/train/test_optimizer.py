import pytest

from conflictcoder.labels import LabelSpace
from conflictcoder.ontology import Ontology
from train.build import build_model
from train.config import ConfigError, Model, Training
from train.optimizer import make_optimizer

LABELS = LabelSpace.of(Ontology(("A",)), {"entities"})


@pytest.fixture(scope="module")
def model(tiny_backbone):
    return build_model(tiny_backbone, Model(max_tokens=64), LABELS)


def rates(model, optimizer):
    by_parameter = {id(parameter): group for group in optimizer.param_groups for parameter in group["params"]}
    return {name: by_parameter[id(parameter)] for name, parameter in model.named_parameters()}


def test_heads_and_encoder_learn_at_their_own_rates(model):
    training = Training(encoder_learning_rate=1e-5, head_learning_rate=1e-3, layer_decay=0.5)
    groups = rates(model, make_optimizer(model, training))
    assert groups["span_head.weight"]["lr"] == 1e-3
    assert groups["encoder.encoder.layer.1.output.dense.weight"]["lr"] == 1e-5
    assert groups["encoder.encoder.layer.0.output.dense.weight"]["lr"] == 5e-6
    assert groups["encoder.embeddings.word_embeddings.weight"]["lr"] == 2.5e-6


def test_only_matrices_are_decayed(model):
    groups = rates(model, make_optimizer(model, Training(weight_decay=0.1)))
    assert groups["span_head.weight"]["weight_decay"] == 0.1
    assert groups["span_head.bias"]["weight_decay"] == 0.0
    assert groups["encoder.embeddings.LayerNorm.weight"]["weight_decay"] == 0.0


def test_encoder_has_the_weights_of_the_backbone(tiny_backbone, model):
    from transformers import AutoModel

    pretrained = AutoModel.from_pretrained(tiny_backbone).state_dict()
    own = model.encoder.state_dict()
    assert own
    assert all((own[name] == pretrained[name]).all() for name in own)


def test_window_longer_than_the_backbone_is_a_config_error(tiny_backbone):
    with pytest.raises(ConfigError, match="512 is more than the 256 that the backbone reads"):
        build_model(tiny_backbone, Model(max_tokens=512), LABELS)


def test_attention_dropout_reaches_the_backbone(tiny_backbone):
    model = build_model(tiny_backbone, Model(max_tokens=64, attention_dropout=0.3), LABELS)
    assert model.config.encoder["attention_probs_dropout_prob"] == 0.3
