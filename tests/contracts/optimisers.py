"""The optimisers that the contract holds, and the problems it holds them to.

To put an optimiser under the contract, add a case to `CASES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk, Hessian
from eigenscape.optim.damped_adam import DampedAdam
from eigenscape.optim.damping import PublishedDamping
from eigenscape.optim.damping_learner import DampingLearner
from eigenscape.optim.gadam import Gadam, GadamX
from eigenscape.optim.kfac import EKFAC, KFAC, DampedKFAC, FactorSettings


@dataclass(frozen=True)
class OptimiserCase:
    """An optimiser and what may be asked of it.

    Attributes:
        name: What it is called in the tests.
        build: Maps a model and options such as lr or foreach to the optimiser.
        rate: A learning rate that suits the parabola and the network below.
        rosenbrock: A learning rate for Rosenbrock's valley; None if the optimiser works
            on layers rather than on bare parameters.
        peer: Builds the optimiser of torch of the same trajectory; None without one.
        foreach: Whether it knows the option.
        compiles: Whether its step can be compiled; asked of a case a family, for it
            takes seconds.
        sparse: Whether it takes sparse gradients, which it must refuse otherwise.
        bad: Options that it must refuse, each alone.
    """

    name: str
    build: Callable[..., torch.optim.Optimizer]
    rate: float
    rosenbrock: float | None
    peer: Callable[..., torch.optim.Optimizer] | None = None
    foreach: bool = True
    compiles: bool = False
    sparse: bool = False
    bad: tuple[dict[str, object], ...] = ({"lr": -0.1},)


def on_parameters(optimiser, **fixed):
    """Build an optimiser of parameters from a model."""

    def build(model, **options):
        return optimiser(model.parameters(), **fixed | options)

    return build


def on_layers(optimiser, **fixed):
    """Build an optimiser of layers from a model, which measures often."""
    settings = FactorSettings(factor_interval=3, eigen_interval=6)

    def build(model, **options):
        return optimiser(model, settings=settings, **fixed | options)

    return build


_ADAM_BAD = (
    {"lr": -0.1},
    {"eps": -1e-8},
    {"betas": (1.0, 0.999)},
    {"betas": (0.9, -0.1)},
    {"weight_decay": -0.1},
)
_GADAM_BAD = (*_ADAM_BAD, {"lr": float("nan")}, {"average_every": 0})

_KFAC_BAD = (
    {"lr": -0.1},
    {"damping": -1.0},
    {"momentum": 1.0},
    {"weight_decay": -0.1},
    {"kl_clip": 0.0},
)

CASES = (
    OptimiserCase(
        "torch SGD",
        on_parameters(torch.optim.SGD, momentum=0.9),
        rate=0.05,
        rosenbrock=1e-3,
        sparse=True,
    ),
    OptimiserCase(
        "torch Adam", on_parameters(torch.optim.Adam), 0.02, 0.05, bad=_ADAM_BAD
    ),
    OptimiserCase(
        "DampedAdam",
        on_parameters(DampedAdam, damping=1e-3),
        0.02,
        0.05,
        peer=on_parameters(torch.optim.Adam, eps=1e-3),
        bad=tuple({"damping": -1e-8} if "eps" in bad else bad for bad in _ADAM_BAD),
    ),
    OptimiserCase(
        "Gadam",
        on_parameters(Gadam, weight_decay=0.0),
        0.02,
        0.05,
        peer=on_parameters(torch.optim.Adam),
        bad=_GADAM_BAD,
    ),
    OptimiserCase(
        "Gadam, amsgrad, decay and average",
        on_parameters(
            Gadam, amsgrad=True, weight_decay=1e-3, average_start=5, average_every=2
        ),
        0.02,
        0.05,
        peer=on_parameters(torch.optim.AdamW, amsgrad=True, weight_decay=1e-3),
        compiles=True,
        bad=_GADAM_BAD,
    ),
    OptimiserCase(
        "GadamX, decay and average",
        on_parameters(GadamX, weight_decay=1e-4, average_start=5, average_every=2),
        0.1,
        0.01,
        bad=(*_GADAM_BAD, {"partial": 0.6}, {"partial": -0.1}),
    ),
    OptimiserCase(
        "KFAC", on_layers(KFAC, damping=0.1), rate=0.02, rosenbrock=None, bad=_KFAC_BAD
    ),
    OptimiserCase(
        "EKFAC",
        on_layers(EKFAC, damping=0.1, weight_decay=1e-4),
        rate=0.02,
        rosenbrock=None,
        bad=_KFAC_BAD,
    ),
    OptimiserCase(
        "DampedKFAC",
        on_layers(DampedKFAC, by="layer", damping=0.1),
        rate=0.02,
        rosenbrock=None,
        bad=_KFAC_BAD,
    ),
)

EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
BARE = pytest.mark.parametrize(
    "case", [c for c in CASES if c.rosenbrock is not None], ids=lambda case: case.name
)


class Valley(nn.Module):
    """Rosenbrock's function, (1 − x)² + 100 (y − x²)², from (−1.2, 1)."""

    def __init__(self):
        super().__init__()
        self.point = nn.Parameter(torch.tensor([-1.2, 1.0], dtype=torch.float64))

    def forward(self):
        x, y = self.point
        return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def network(dtype=torch.float64):
    """A small tanh network, the same at each call."""
    generator = torch.Generator().manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    for parameter in model.parameters():
        parameter.data.uniform_(-0.5, 0.5, generator=generator)
    return model.to(dtype)


@cache
def data(dtype=torch.float64, count=32):
    """Inputs and targets of the network, the same at each call."""
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(count, 4, generator=generator, dtype=torch.float64)
    noise = torch.randn(count, 2, generator=generator, dtype=torch.float64)
    targets = torch.sin(inputs[:, :2]) + 0.1 * noise
    return inputs.to(dtype), targets.to(dtype)


def loss_of(model, index=0, dtype=torch.float64):
    """The mean squared error on the index-th of four minibatches, which repeat."""
    inputs, targets = data(dtype)
    chosen = slice(8 * (index % 4), 8 * (index % 4) + 8)
    return functional.mse_loss(model(inputs[chosen]), targets[chosen])


def train(model, optimiser, steps, *, first=0, dtype=torch.float64):
    """Take steps, minibatch by minibatch, and give the last loss."""
    value = None
    for index in range(first, first + steps):
        optimiser.zero_grad()
        value = loss_of(model, index, dtype)
        value.backward()
        optimiser.step()
    return value


def values(model):
    """A copy of the parameters."""
    return [p.detach().clone() for p in model.parameters()]


def compare_compiled():
    """Print how far compiled steps lead from plain ones, a line a case.

    A learner of the damping scales the rates, and must leave them as they were.
    """
    for case in (case for case in CASES if case.compiles):
        ends = []
        for compiled in (False, True):
            model, rate = network(), case.rate
            optimiser = case.build(model, lr=rate)
            learner = DampingLearner(
                optimiser,
                PublishedDamping(0.1),
                Hessian(EmpiricalRisk(model, nn.MSELoss(), data(), batch_size=8)),
                generator=torch.Generator().manual_seed(0),
                interval=6,
            )
            step = optimiser.step
            if compiled:
                step = torch.compile(step, backend="eager")
            for index in range(8):
                optimiser.zero_grad()
                loss_of(model, index).backward()
                step()
                learner.step()
                rate = max(rate, *(group["lr"] for group in optimiser.param_groups))
            ends.append([*values(model), torch.tensor(rate)])
        pairs = zip(*ends, strict=True)
        print(case.name, max(float((a - b).abs().max()) for a, b in pairs), sep="|")
        torch.compiler.reset()


def assert_same(first, second):
    for a, b in zip(first, second, strict=True):
        assert torch.equal(a, b)


def assert_close(first, second, tolerance=1e-12):
    for a, b in zip(first, second, strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


def refuses(act, reason):
    """Whether an act is refused, which must be for the reason given."""
    try:
        act()
    except (RuntimeError, ValueError) as error:
        if reason not in str(error):
            raise
        return True
    return False


def nameless(state):
    """A state without the names of groups, which PyTorch's comparison cannot take."""
    groups = [
        {key: value for key, value in group.items() if key != "name"}
        for group in state["param_groups"]
    ]
    return state | {"param_groups": groups}
