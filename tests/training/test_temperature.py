import math
from typing import get_args

import pytest
import torch
from torch import nn

from gap.errors import UserError
from gap.training.settings import TrainingSettings
from gap.training.temperature import MAX_LOGIT_SCALE, POLICIES, Temperature


def after(policy: str, optimiser_wrote: float) -> list[float]:
    scale = nn.Parameter(torch.tensor(3.0))
    temperature = Temperature(scale, policy=policy, temperature_end=1.0)
    values = []
    for progress in (0.0, 0.5, 1.0):
        with torch.no_grad():
            scale.fill_(optimiser_wrote)
        temperature.step(progress)
        values.append(scale.item())
    return values


def test_each_policy_does_what_it_says() -> None:
    assert after("learned", 3.5) == [3.5, 3.5, 3.5]
    assert after("learned", 50.0) == [pytest.approx(MAX_LOGIT_SCALE)] * 3
    assert after("learned", -1.0) == [0, 0, 0]
    assert after("frozen", 3.5) == [3, 3, 3]
    assert after("scheduled", 3.5) == [3, 1.5, 0]
    assert after("fixed", 3.5) == [0, 0, 0]


def test_a_learned_temperature_above_the_bound_is_not_cut_at_once() -> None:
    scale = nn.Parameter(torch.tensor(math.log(117.0)))  # as SigLIP's models come
    temperature = Temperature(scale, policy="learned", temperature_end=1.0)
    temperature.step(0.5)
    assert scale.item() == pytest.approx(math.log(117))
    scale.data += 1
    temperature.step(0.6)
    assert scale.item() == pytest.approx(math.log(117))


def test_every_policy_can_be_set() -> None:
    assert set(get_args(TrainingSettings.model_fields["temperature"].annotation)) == set(POLICIES)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_model_keeps_its_own_temperature_until_the_first_step(policy: str) -> None:
    scale = nn.Parameter(torch.tensor(3.0))
    temperature = Temperature(scale, policy=policy, temperature_end=1.0)
    assert scale.item() == 3
    temperature.step(0.0)
    assert scale.item() == (0 if policy == "fixed" else 3)


@pytest.mark.parametrize("policy", POLICIES)
def test_only_a_learned_temperature_is_for_the_optimiser(policy: str) -> None:
    scale = nn.Parameter(torch.tensor(math.log(10.0)))
    Temperature(scale, policy=policy, temperature_end=0.07)
    assert scale.requires_grad == (policy == "learned")


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(UserError, match="unknown temperature policy 'learnt': did you mean 'learned'"):
        Temperature(nn.Parameter(torch.tensor(1.0)), policy="learnt", temperature_end=0.07)
