"""DampedAdam, against PyTorch's Adam and the update written out."""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from eigenscape.curvature import EmpiricalRisk, Hessian
from eigenscape.optim.damped_adam import DampedAdam
from eigenscape.optim.damping import PublishedDamping
from eigenscape.optim.damping_learner import DampingLearner
from eigenscape.optim.layer_groups import layer_groups
from networks import network

STEPS = 1000


def walked(make):
    """A thousand steps on a loss of many valleys, which would tell bits apart."""
    generator = torch.Generator().manual_seed(0)
    shapes = ((7, 5), (5,))
    params = [torch.nn.Parameter(torch.randn(s, generator=generator)) for s in shapes]
    optimizer = make(params)
    for t in range(STEPS):
        for param in params:
            param.grad = torch.sin((1 + t % 7) * param.detach())
        optimizer.step()
    return torch.nn.utils.parameters_to_vector(params).detach()


@pytest.mark.parametrize("foreach", [False, True])
@pytest.mark.parametrize(
    ("damping", "options"),
    [
        (1e-8, {}),
        (0.1, {"weight_decay": 0.01, "amsgrad": True}),
        (1.0, {"weight_decay": 0.01, "decoupled_weight_decay": True}),
    ],
)
def test_is_adam_to_the_bit_over_a_thousand_steps(damping, options, foreach):
    options = {"lr": 0.01, "foreach": foreach, **options}
    ours = walked(lambda p: DampedAdam(p, damping=damping, **options))
    theirs = walked(lambda p: torch.optim.Adam(p, eps=damping, **options))
    assert torch.equal(ours, theirs)


def test_a_rate_may_be_a_tensor():
    options = {"lr": torch.tensor(0.01), "foreach": False, "maximize": True}
    ours = walked(lambda p: DampedAdam(p, damping=0.1, **options))
    theirs = walked(lambda p: torch.optim.Adam(p, eps=0.1, **options))
    assert torch.equal(ours, theirs)


class _Operations(TorchDispatchMode):
    """The names of all operations, in their order."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(  # ruff: ignore[bad-dunder-method-name] PyTorch's
        self, func, types, args=(), kwargs=None
    ):
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("foreach", [False, True])
@pytest.mark.parametrize("learned", [False, True])
def test_a_step_is_the_operations_of_adam(foreach, learned):
    """Which is what damping costs, on a machine of any mood."""
    found = []
    for make in (DampedAdam, torch.optim.Adam):
        model, inputs = torch.nn.Linear(3, 2), torch.ones(4, 3)
        optimizer = make(model.parameters(), foreach=foreach)
        if learned and make is DampedAdam:
            data = inputs, torch.zeros(4, 2)
            risk = EmpiricalRisk(
                model, torch.nn.functional.mse_loss, data, batch_size=2
            )
            rule, generator = PublishedDamping(), torch.Generator()
            learner = DampingLearner(
                optimizer, rule, Hessian(risk), generator=generator, interval=9
            )
            learner.step()
        model(inputs).sum().backward()
        optimizer.step()
        with _Operations() as seen:
            optimizer.step()
        found.append(seen.names)
    assert found[0] == found[1]
    assert len(found[0]) > 3


def test_a_step_can_be_differentiated_as_that_of_adam():
    slopes = []
    for make in (DampedAdam, torch.optim.Adam):
        start = torch.tensor([0.3, -0.7], dtype=torch.float64, requires_grad=True)
        point = start.clone()
        optimizer = make([point], lr=0.1, differentiable=True)
        point.grad = start.square()
        optimizer.step()
        slopes.append(torch.autograd.grad(point.sum(), start)[0])
    assert torch.equal(*slopes)
    assert not torch.equal(slopes[0], torch.ones(2))


def test_is_the_update_written_out():
    rate, first, second, damping = 0.02, 0.9, 0.99, 0.3
    theta = np.array([1.0, -2.0, 0.5])
    param = torch.nn.Parameter(torch.from_numpy(theta.copy()))
    optimizer = DampedAdam([param], rate, (first, second), damping)
    m, v = np.zeros(3), np.zeros(3)
    rng = np.random.default_rng(0)
    for t in range(1, 200):
        gradient = rng.standard_normal(3)
        param.grad = torch.from_numpy(gradient)
        optimizer.step()
        m = first * m + (1 - first) * gradient
        v = second * v + (1 - second) * gradient**2
        seen = np.sqrt(v / (1 - second**t)) + damping
        theta -= rate * m / (1 - first**t) / seen
    # two hundred steps of ten roundings
    assert param.detach().numpy() == pytest.approx(theta, rel=1e-12, abs=1e-13)


def test_large_damping_is_momentum_descent():
    damping = 1e6
    param = torch.nn.Parameter(torch.ones(3, dtype=torch.float64))
    optimizer = DampedAdam([param], 0.1 * damping, damping=damping)
    theta, m = np.ones(3), np.zeros(3)
    for t in range(1, 51):
        gradient = np.sin(theta) + t % 3
        param.grad = torch.from_numpy(gradient.copy())
        optimizer.step()
        m = 0.9 * m + 0.1 * gradient
        theta -= 0.1 * m / (1 - 0.9**t)
    # √v̂/δ is below 4e-6, over fifty steps of length 0.4 at most
    assert param.detach().numpy() == pytest.approx(theta, abs=50 * 0.4 * 4e-6)


def test_each_layer_has_its_damping():
    model = network()
    model[0].bias.requires_grad_(False)
    groups = layer_groups(model, lr=0.1)
    assert [group["name"] for group in groups] == ["0", "3"]
    groups[1]["damping"] = 2.0
    optimizer = DampedAdam(groups, damping=0.5)
    assert optimizer.dampings == (0.5, 2.0)
    start = [p.detach().clone() for p in model.parameters()]
    for param in model.parameters():
        param.grad = torch.ones_like(param) if param.requires_grad else None
    optimizer.step()
    steps = [
        float((b - p).detach().max())
        for b, p in zip(start, model.parameters(), strict=True)
    ]
    assert steps == pytest.approx([0.1 / 1.5, 0, 0.1 / 3, 0.1 / 3], rel=1e-12)


def test_states_are_those_of_adam():
    param = torch.nn.Parameter(torch.ones(2))
    param.grad = torch.ones(2)
    ours = DampedAdam([param], damping=0.25)
    ours.step()
    theirs = torch.optim.Adam([param])
    theirs.load_state_dict(ours.state_dict())
    assert theirs.param_groups[0]["eps"] == 0.25
    again = DampedAdam([param])
    again.load_state_dict(theirs.state_dict())
    assert again.dampings == (0.25,)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"lr": -1.0}, "lr"),
        ({"damping": -1e-8}, "damping"),
        ({"damping": float("nan")}, "damping"),
        ({"betas": (0.9, 1.0)}, "betas"),
        ({"weight_decay": -0.1}, "weight_decay"),
    ],
)
def test_refusals(options, name):
    with pytest.raises(ValueError, match=rf"^{name}: expected .*; change it$"):
        DampedAdam([torch.nn.Parameter(torch.ones(1))], **options)


def test_a_negative_damping_of_a_group_is_refused():
    group = {"params": [torch.nn.Parameter(torch.ones(1))], "damping": -1.0}
    with pytest.raises(ValueError, match=r"^damping: expected at least 0, got -1"):
        DampedAdam([group])
