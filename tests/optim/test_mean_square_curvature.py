"""The edge of SGD on drawn batches, against the second moments of these batches."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss

from eigenscape.curvature import EmpiricalRisk
from eigenscape.optim.mean_square_curvature import MeanSquareCurvature
from eigenscape.optim.measured_schedule import MeasuredSchedule
from eigenscape.optim.sharpness_warmup import SharpnessWarmup
from eigenscape.optim.stable_rates import stable_rate
from small_training import network, train

EXAMPLES, SIZE, BATCH = 300, 12, 3


def regression(seed=0):
    """Linear regression of normal inputs, whose batch Hessians are 2 X'X/b."""
    generator = torch.Generator().manual_seed(seed)
    scales = torch.linspace(1.5, 0.5, SIZE, dtype=torch.float64)
    inputs = torch.randn(EXAMPLES, SIZE, generator=generator, dtype=torch.float64)
    model = nn.Linear(SIZE, 1, bias=False).double()
    targets = torch.zeros(EXAMPLES, 1, dtype=torch.float64)
    risk = EmpiricalRisk(model, mse_loss, (inputs * scales, targets))
    return model, risk, (inputs * scales).numpy()


def probe_of(risk, **options):
    generator = torch.Generator().manual_seed(1)
    settings = {"batch_size": BATCH, "examples": EXAMPLES} | options
    return MeanSquareCurvature(risk, generator=generator, **settings)


def growth(inputs, group, rate):
    """Growth of second moments a step, of torch's SGD on batches without replacement.

    A power iteration of M ↦ E[B M Bᵀ], whose batches have the exact mean B̄ M B̄ᵀ and the
    covariance (n − b)/((n − 1) b) of that of single examples.
    """
    momentum, ahead = group.get("momentum", 0.0), group.get("nesterov", False)
    gradient = 2 * inputs[:, :, None] * inputs[:, None]
    gradient += group.get("weight_decay", 0.0) * np.eye(SIZE)
    step = np.zeros((EXAMPLES, 2 * SIZE, 2 * SIZE))
    step[:, SIZE:, :SIZE] = (1 - group.get("dampening", 0.0)) * gradient
    step[:, SIZE:, SIZE:] = momentum * np.eye(SIZE)
    step[:, :SIZE] = -rate * (momentum if ahead else 1) * step[:, SIZE:]
    step[:, :SIZE, :SIZE] += np.eye(SIZE) - (rate * gradient if ahead else 0)
    whole = step.mean(0)
    share = (EXAMPLES - BATCH) / ((EXAMPLES - 1) * BATCH)
    own = np.eye(2 * SIZE)
    for _ in range(150):
        own /= np.trace(own)
        each = (step @ own @ step.transpose(0, 2, 1)).mean(0)
        own = share * each + (1 - share) * whole @ own @ whole.T
    return np.trace(own)


@pytest.mark.parametrize(
    "group",
    [
        {},
        {"momentum": 0.8},
        {"momentum": 0.8, "dampening": 0.5},
        {"momentum": 0.8, "nesterov": True, "weight_decay": 0.1},
    ],
)
def test_second_moments_shrink_below_the_edge_and_grow_above(group):
    """The length of a normal direction is in the weights: the edge is on the safe side.

    By at most 2 ∑ θ²/(tr A)² of the noise, here 0.22; f and d both have it.
    """
    _, risk, inputs = regression()
    probe = probe_of(risk, count=SIZE)
    sharpness = probe.measure().values[0]
    edge = probe.edge(group, sharpness)
    assert growth(inputs, group, edge) < 1
    assert growth(inputs, group, 1.4 * edge) > 1
    if "momentum" in group:  # the law of a batch held fixed is no bound here
        assert edge < 0.3 * stable_rate(group, sharpness)


def test_all_the_data_have_the_edge_of_gradient_descent():
    _, risk, inputs = regression()
    probe = probe_of(risk, batch_size=EXAMPLES, tolerance=1e-6)
    sharpness = probe.measure().values[0]
    top = np.linalg.eigvalsh(2 * inputs.T @ inputs / EXAMPLES)[-1]
    assert sharpness == pytest.approx(top, rel=1e-5)
    for group in ({"momentum": 0.9}, {"momentum": 0.5, "nesterov": True}):
        found = probe.edge(group, sharpness)
        assert found == pytest.approx(stable_rate(group, sharpness), rel=1e-9)


def test_few_examples_find_the_edge_of_all():
    _, risk, _ = regression()
    edges = []
    for examples in (EXAMPLES, 100):
        probe = probe_of(risk, examples=examples)
        edges.append(probe.edge({"momentum": 0.9}, probe.measure().values[0]))
    # squared lengths of 12 directions vary by √(2/12), their squares by twice that
    assert edges[1] == pytest.approx(edges[0], rel=4 * 2 * math.sqrt(2 / 12 / 100))


@pytest.mark.parametrize("kind", [MeasuredSchedule, SharpnessWarmup])
def test_schedules_hold_momentum_below_it_and_go_on_to_the_bit(kind):
    def build():
        model, risk = network()
        optimiser = torch.optim.SGD(model.parameters(), lr=50.0, momentum=0.9)
        generator = torch.Generator().manual_seed(4)
        probe = MeanSquareCurvature(
            risk, batch_size=16, examples=24, generator=generator
        )
        options = {"steps": 4} if kind is SharpnessWarmup else {}
        schedule = kind(optimiser, probe, interval=4, **options)
        return model, risk, optimiser, schedule, probe

    model, risk, optimiser, schedule, probe = build()
    (group,) = optimiser.param_groups
    assert group["lr"] == 0.9 * probe.edge(group, schedule.sharpness)
    assert group["lr"] < 0.9 * stable_rate(group, schedule.sharpness)
    train(model, risk, optimiser, schedule, 4)
    saved = io.BytesIO()
    parts = (model, optimiser, schedule)
    torch.save([part.state_dict() for part in parts], saved)
    expected = train(model, risk, optimiser, schedule, 5, first=4)
    other, other_risk, again, following, _ = build()
    saved.seek(0)
    states = torch.load(saved, weights_only=True)
    for part, state in zip((other, again, following), states, strict=True):
        part.load_state_dict(state)
    assert train(other, other_risk, again, following, 5, first=4) == expected
    assert torch.equal(*(next(m.parameters()) for m in (model, other)))


def test_bad_arguments():
    model, risk = network()
    generator = torch.Generator()
    for name, value in (("batch_size", 0), ("examples", 49), ("count", 0)):
        options = {"batch_size": 4, name: value}
        with pytest.raises(ValueError, match=rf"^{name}: expected at least 1"):
            MeanSquareCurvature(risk, generator=generator, **options)
    probe = MeanSquareCurvature(risk, batch_size=4, examples=8, generator=generator)
    assert probe.edge({}, 1.0) == math.inf
    with pytest.raises(ValueError, match="^optimizer: expected SGD, got"):
        MeasuredSchedule(torch.optim.Adam(model.parameters()), probe)
