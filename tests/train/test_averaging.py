import json

import pytest
import torch
from transformers import TrainerControl, TrainerState

from train.averaging import WeightAveraging
from train.fit import fit

from ..conftest import tiny_config


class Steps:
    """A model of one weight that takes given values, step by step."""

    def __init__(self, decay):
        self.averaging = WeightAveraging(decay)
        self.model = torch.nn.Linear(1, 1, bias=False)
        self.state = TrainerState()
        self.control = TrainerControl()

    @property
    def weight(self):
        return self.model.weight.item()

    def step(self, weight, *, evaluate=False, save=False):
        torch.nn.init.constant_(self.model.weight, weight)
        self.state.global_step += 1
        self.control.should_evaluate, self.control.should_save = evaluate, save
        self.averaging.on_step_end(None, self.state, self.control, model=self.model)
        return self.weight

    def call(self, name):
        getattr(self.averaging, name)(None, self.state, self.control, model=self.model)
        return self.weight


def test_average_by_hand():
    steps = Steps(0.25)
    assert steps.step(4.0) == 4.0
    # Early steps keep less: 2 / (2 + 10) = 1/6 of the 4, then 3/13 of the 9, and 1/4 from step 4 on.
    assert steps.step(10.0, evaluate=True) == pytest.approx(4 / 6 + 10 * 5 / 6)
    assert steps.call("on_evaluate") == 10.0
    assert steps.step(9.0) == 9.0
    third = 9 * 3 / 13 + 9 * 10 / 13
    assert steps.step(1.0, evaluate=True) == pytest.approx(third / 4 + 1 * 3 / 4)


def test_average_stays_until_it_is_saved():
    steps = Steps(0.5)
    steps.step(4.0)
    average = steps.step(10.0, evaluate=True, save=True)
    assert average == pytest.approx(9.0)
    assert steps.call("on_evaluate") == average
    assert steps.call("on_save") == 10.0


def test_averaging_changes_what_is_saved_and_not_how_it_is_trained(ten_data, tiny_backbone, tmp_path):
    losses, weights = [], []
    for name, decay in (("last", 0.0), ("mean", 0.9)):
        config = tiny_config(
            ten_data, tiny_backbone, tmp_path, name=name, training__epochs=12, training__averaging=decay
        )
        fit(config)
        log = [json.loads(line) for line in (config.run_folder / "log.jsonl").read_text().splitlines()]
        losses.append([entry["loss"] for entry in log if "loss" in entry])
        weights.append((config.run_folder / "checkpoint" / "model.safetensors").read_bytes())
    assert losses[0] == losses[1]
    assert weights[0] != weights[1]
