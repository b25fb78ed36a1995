from __future__ import annotations

import io

import numpy as np
import pytest
import torch

from eigenscape.curvature import Dense
from eigenscape.optim.heavy_ball import learn_heavy_ball
from eigenscape.optim.heavy_ball_learner import HeavyBallLearner, HeavyBallRange
from eigenscape.optim.sharpness_probes import unchecked_hessian
from small_training import network, train


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_rate_and_momentum_are_those_learnt():
    model, risk = network()
    optimiser = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.1)
    probe = HeavyBallRange(risk, rule="published", steps=12, generator=generator())
    learner = HeavyBallLearner(optimiser, probe, interval=2)
    expected = learn_heavy_ball(
        unchecked_hessian(risk), rule="published", steps=12, generator=generator()
    )
    group = optimiser.param_groups[0]
    assert (group["lr"], group["momentum"]) == (expected.rate, expected.momentum)
    train(model, risk, optimiser, learner, 1)
    assert group["lr"] == expected.rate
    train(model, risk, optimiser, learner, 1)
    assert group["lr"] != expected.rate
    assert [step for step, _ in learner.history] == [0, 2]
    assert learner.cost.work == 24


def test_the_curvature_batch_is_drawn_once():
    _, risk = network()
    sizes = []

    def curvature(batch):
        sizes.append(batch.fingerprint())
        return Dense(torch.diag(torch.linspace(1, 9, risk.size, dtype=torch.float64)))

    probe = HeavyBallRange(risk, examples=8, curvature=curvature, generator=generator())
    first, second = probe.measure(), probe.measure()
    assert sizes[0] == sizes[1] != risk.fingerprint()
    assert first.values[2] == pytest.approx(9, rel=0.01)
    assert first.values != second.values, "each with its own random vector"


def test_failures_leave_rate_and_momentum():
    model, risk = network()
    optimiser = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.1)
    scale = [1.0]

    def curvature(batch):
        values = torch.linspace(1, 9, risk.size, dtype=torch.float64)
        return Dense(torch.diag(scale[0] * values))

    probe = HeavyBallRange(risk, curvature=curvature, generator=generator())
    learner = HeavyBallLearner(optimiser, probe, interval=1)
    group = optimiser.param_groups[0]
    kept = group["lr"], group["momentum"]
    scale[0] = np.inf
    with pytest.warns(RuntimeWarning, match="failed"):
        learner.step()
    assert (group["lr"], group["momentum"]) == kept
    assert learner.cost.failures == 1


def build(seed):
    model, risk = network()
    optimiser = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.1)
    probe = HeavyBallRange(risk, rule="published", steps=6, generator=generator(seed))
    return model, risk, optimiser, HeavyBallLearner(optimiser, probe, interval=2)


def test_training_goes_on_to_the_bit():
    model, risk, optimiser, learner = build(1)
    train(model, risk, optimiser, learner, 3)
    saved = io.BytesIO()
    states = [x.state_dict() for x in (model, optimiser, learner)]
    torch.save(states, saved)
    expected = train(model, risk, optimiser, learner, 5, first=3)
    other, other_risk, again, following = build(2)
    saved.seek(0)
    loaded = torch.load(saved, weights_only=True)
    for thing, state in zip((other, again, following), loaded, strict=True):
        thing.load_state_dict(state)
    assert train(other, other_risk, again, following, 5, first=3) == expected
    for name, value in model.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])
    assert following.history == learner.history


def test_an_optimiser_without_momentum_is_refused():
    model, risk = network()
    probe = HeavyBallRange(risk, generator=generator())
    with pytest.raises(ValueError, match="^optimizer: expected groups with a momentum"):
        HeavyBallLearner(torch.optim.Adam(model.parameters()), probe, interval=1)
