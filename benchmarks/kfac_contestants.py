"""The contestants of `kfac_speed.py`: a training step, each as its package says.

A contestant is made once a workload, and then takes steps of three kinds: "plain" ones,
ones that update the factors, and ones that also invert or decompose them.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal

import torch
from torch.nn import functional

from eigenscape.optim.kfac import EKFAC, KFAC, DampedKFAC, FactorSettings
from networks import Workload

Kind = Literal["plain", "factors", "inverses"]

Step = Callable[[Kind], Any]

TIMES: dict[Kind, int] = {"plain": 1, "factors": 10, "inverses": 100}
"""A count of steps at which each kind is due, with the intervals 10 and 100."""

COMMON = {"lr": 1e-3, "momentum": 0.9, "damping": 0.03}


def _passes(workload: Workload, model: torch.nn.Module) -> Callable[[], None]:
    inputs, targets = workload.batches[0]

    def run() -> None:
        model.zero_grad()
        workload.loss(model(inputs), targets).backward()

    return run


def descent(workload: Workload) -> Step:
    """Momentum alone: what a step costs without curvature."""
    model = workload.network()
    optimiser = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    passes = _passes(workload, model)

    def step(_: Kind) -> None:
        passes()
        optimiser.step()

    return step


def ours(
    workload: Workload,
    optimiser: type[KFAC | EKFAC | DampedKFAC],
    kl_clip: float | None = 0.01,
    **options: Any,
) -> Step:
    model, settings = workload.network(), FactorSettings(**options)
    made = optimiser(model, **COMMON, kl_clip=kl_clip, settings=settings)
    passes = _passes(workload, model)

    def step(kind: Kind) -> None:
        made._steps = TIMES[kind]
        made._curvature.forget(record=kind != "plain")
        passes()
        made.step()

    return step


def kfac_pytorch(workload: Workload, folder: Path) -> Step:
    """The optimiser that the published experiments used, from a checkout."""
    sys.path.insert(0, str(folder))
    from optimizers.kfac import KFACOptimizer

    torch.symeig = _symeig  # PyTorch has removed what it calls
    warnings.filterwarnings("ignore", message="Using a non-full backward hook")
    model = workload.network()
    made = KFACOptimizer(model, **COMMON, kl_clip=0.01)
    made.acc_stats = True
    passes = _passes(workload, model)
    first = [True]

    def step(kind: Kind) -> None:
        made.steps = 0 if first.pop() else TIMES[kind]
        first.append(False)
        passes()
        made.step()

    return step


def asdl(workload: Workload) -> Step:
    from asdl.fisher import FISHER_EMP
    from asdl.precondition import KfacGradientMaker, PreconditioningConfig

    torch.cuda.nvtx.range = lambda *_: nullcontext()  # builds without CUDA have none
    model = workload.network()
    optimiser = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    config = PreconditioningConfig(
        data_size=workload.batch_size,
        damping=COMMON["damping"],
        ema_decay=0.05,
        preconditioner_upd_interval=100,
        curvature_upd_interval=10,
    )
    maker = KfacGradientMaker(model, config, fisher_type=FISHER_EMP)
    inputs, targets = workload.batches[0]

    def step(kind: Kind) -> None:
        maker.state["step"] = TIMES[kind]
        optimiser.zero_grad()
        output = maker.setup_model_call(model, inputs)
        maker.setup_loss_call(functional.cross_entropy, output, targets)
        maker.forward_and_backward()
        optimiser.step()

    step("inverses")
    return step


def singd(workload: Workload) -> Step:
    """Inverse-free: it has no third kind of step."""
    from singd.optim.optimizer import SINGD

    model = workload.network()
    made = SINGD(
        model, **COMMON, T=10, warn_unsupported=False, kfac_like=True, alpha1=0.0
    )
    passes = _passes(workload, model)

    def step(kind: Kind) -> None:
        made.steps = TIMES[kind]
        made._grad_scales = {made.steps - 1: 1.0}
        passes()
        made.step()

    return step


def nngeometry(workload: Workload) -> Step:
    """Matrices rather than an optimiser: drawn targets, no running mean or clipping."""
    from nngeometry.metrics import FIM_MonteCarlo
    from nngeometry.object import PMatKFAC, PVector
    from torch.utils.data import DataLoader, TensorDataset

    model = workload.network()
    optimiser = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    data = DataLoader(TensorDataset(*workload.batches[0]), workload.batch_size)
    passes = _passes(workload, model)
    state: dict[str, Any] = {}

    def step(kind: Kind) -> None:
        if kind != "plain":
            state["fisher"] = FIM_MonteCarlo(model, data, PMatKFAC)
        if kind == "inverses":
            state["inverse"] = state["fisher"].inverse(COMMON["damping"])
        passes()
        direction = state["inverse"].mv(PVector.from_model_grad(model))
        for own, found in zip(
            PVector.from_model(model).to_dict().values(),
            direction.to_dict().values(),
            strict=True,
        ):
            for parameter, piece in zip(own, found, strict=True):
                parameter.grad = piece.reshape(parameter.shape)
        optimiser.step()

    step("inverses")
    return step


def _symeig(matrix: torch.Tensor, *, eigenvectors: bool) -> Any:
    assert eigenvectors
    return torch.linalg.eigh(matrix)
