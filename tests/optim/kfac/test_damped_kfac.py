"""DampedKFAC under a learner: by all, by layer and by factor."""

import inspect

import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk, Hessian
from eigenscape.optim.damping import PublishedDamping
from eigenscape.optim.damping_learner import DampingLearner
from eigenscape.optim.kfac import KFAC, DampedKFAC, FactorSettings

EXACT = {"rtol": 0, "atol": 0}

SETTINGS = FactorSettings(factor_interval=2, eigen_interval=4)


def network():
    torch.manual_seed(0)
    layers = nn.Linear(4, 6), nn.Tanh(), nn.LayerNorm(6), nn.Linear(6, 3)
    return nn.Sequential(*layers).double()


def data(count=24):
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(count, 4, generator=generator, dtype=torch.float64)
    return inputs, inputs[:, :3].argmax(1)


def learner_of(model, optimiser, **options):
    risk = EmpiricalRisk(model, functional.cross_entropy, data(), batch_size=8)
    generator = torch.Generator().manual_seed(2)
    rule = PublishedDamping(0.05)
    return DampingLearner(
        optimiser, rule, Hessian(risk), generator=generator, **options
    )


def steps(model, optimiser, learner, count):
    inputs, targets = data()
    for index in range(count):
        part = slice(8 * (index % 3), 8 * (index % 3) + 8)
        optimiser.zero_grad()
        functional.cross_entropy(model(inputs[part]), targets[part]).backward()
        optimiser.step()
        if learner is not None:
            learner.step()


@pytest.mark.parametrize(("by", "groups"), [("all", 1), ("layer", 3), ("factor", 1)])
def test_a_learner_damps_all_or_each_layer(by, groups):
    model = network()
    optimiser = DampedKFAC(model, by=by, settings=SETTINGS)
    assert len(optimiser.param_groups) == groups
    learner = learner_of(model, optimiser, by="group" if by == "layer" else "all")
    inputs, targets = data()
    begun = functional.cross_entropy(model(inputs), targets).item()
    steps(model, optimiser, learner, 12)
    dampings = [group["damping"] for group in optimiser.param_groups]
    assert len(set(dampings)) == groups
    assert all(damping > 0.05 for damping in dampings)
    assert [group["lr"] for group in optimiser.param_groups] == [0.1] * groups
    assert functional.cross_entropy(model(inputs), targets) < begun


def test_the_published_step_has_the_learned_damping_and_rate():
    """By hand: KFAC with δ and η (1 + δ) set after each step."""
    model, other = network(), network()
    optimiser = DampedKFAC(model, settings=SETTINGS, damping=0.05)
    learner = learner_of(model, optimiser)
    by_hand = KFAC(other, settings=SETTINGS, damping=0.05)
    for _ in range(7):
        steps(model, optimiser, learner, 1)
        steps(other, by_hand, None, 1)
        damping = optimiser.param_groups[0]["damping"]
        by_hand.param_groups[0].update(damping=damping, lr=0.1 * (1 + damping))
        torch.testing.assert_close(model.state_dict(), other.state_dict(), **EXACT)


def test_shrunk_factors_are_nearer_to_the_mean_of_their_spectrum():
    plain, shrunk = network(), network()
    settings = FactorSettings(factor_interval=1, eigen_interval=1, start="mean")
    both = [
        DampedKFAC(plain, settings=settings, lr=0.0),
        DampedKFAC(shrunk, by="factor", settings=settings, lr=0.0),
    ]
    for model, optimiser in zip((plain, shrunk), both, strict=True):
        steps(model, optimiser, None, 9)
    for a, b in zip(*(o._curvature.layers for o in both), strict=True):
        for first, second in ((a.inputs, b.inputs), (a.gradients, b.gradients)):
            share = float(second.signals())
            assert 0 < share < 1
            values = first.eigenbasis()[0]
            expected = torch.lerp(values.mean(1, keepdim=True), values, share)
            torch.testing.assert_close(second.eigenbasis()[0], expected)


def test_bad_arguments_in_one_line():
    model = network()
    unchecked = inspect.unwrap(DampedKFAC.__init__)  # the tests' type checks come first
    with pytest.raises(ValueError, match=r"^by: expected [^\n]+, got 'head'$"):
        unchecked(DampedKFAC.__new__(DampedKFAC), model, by="head")
    with pytest.raises(ValueError, match=r"^params: expected None[^\n]+$"):
        DampedKFAC(model, model.parameters(), by="layer")
