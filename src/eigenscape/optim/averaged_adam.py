"""AveragedAdam: moments, decoupled decay and the average, for steps to be filled in."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, cast

import torch
from torch.optim.optimizer import ParamsT

from eigenscape.optim.averaging import IterateAverage
from eigenscape.optim.averaging_start import StartRule
from eigenscape.optim.dense_optimiser import DenseOptimiser

Tensors = list[torch.Tensor]

Betas = tuple[float | torch.Tensor, float | torch.Tensor]

Scalars = list[Any]
"""Floats; or, while a step is being compiled, tensors of one number."""

_torch: Any = torch  # whose _foreach_ functions carry no types


class AveragedAdam(DenseOptimiser):
    """What Gadam and GadamX have in common.

    A step with gradient g is, coordinate by coordinate,

        w ← (1 − ηλ) w,  m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  w ← w − step,

    with the step of the subclass; with amsgrad it reads the largest v so far. After it
    the iterate is collected by `average` when it is due.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | torch.Tensor = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        average_start: int | StartRule | None = None,
        average_every: int = 1,
        maximize: bool = False,
        foreach: bool | None = None,
    ) -> None:
        """Make the optimiser; defaults are those of `torch.optim.AdamW`.

        Args:
            params: Parameters, named parameters or groups of them.
            lr: Learning rate η.
            betas: Decay rates β₁ and β₂ of the moments.
            eps: Added to the denominator.
            weight_decay: λ.
            amsgrad: Whether to divide by the largest second moment so far.
            average_start: Steps before averaging begins; a rule that judges what
                ``average.observe`` is told; None to wait for ``average.begin()``.
            average_every: Steps from one iterate collected to the next.
            maximize: Whether to climb.
            foreach: Whether to treat the parameters of a group together; if None, when
                none is on the processor.

        Raises:
            ValueError: An option is out of its range.
        """
        defaults: dict[str, Any] = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
        }
        for name in ("lr", "eps", "weight_decay"):
            value = defaults[name]
            if not 0 <= value < math.inf:
                message = f"{name}: expected a number in [0, ∞), got {value}"
                raise ValueError(message)
        if not all(0 <= beta < 1 for beta in betas):
            message = f"betas: expected two numbers in [0, 1), got {betas}"
            raise ValueError(message)
        super().__init__(params, defaults)
        parameters = [p for group in self.param_groups for p in group["params"]]
        self.average = IterateAverage(
            parameters, start=average_start, every=average_every
        )

    @abstractmethod
    def _divide(
        self, group: dict[str, Any], roots: Tensors, corrections: Scalars
    ) -> Scalars:
        """Turn roots into the denominators of the steps, in place.

        Args:
            group: The parameter group.
            roots: √v of each parameter.
            corrections: √(1 − β₂ᵗ), likewise.

        Returns:
            Factors on the steps η/(1 − β₁ᵗ) m / denominator.
        """

    def _update(self) -> None:
        for group in self.param_groups:
            moving = [p for p in group["params"] if p.grad is not None]
            for params in _listed(moving, group["foreach"]):
                self._step(group, params)
        if torch.compiler.is_compiling():
            _torch.compiler.disable(self.average.step)()
        else:
            self.average.step()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters, before the first iterate is collected.

        Args:
            param_group: As for any optimiser of torch.
        """
        average = cast("IterateAverage | None", getattr(self, "average", None))
        super().add_param_group(param_group)
        if average is not None:
            average.include(self.param_groups[-1]["params"])

    def state_dict(self) -> dict[str, Any]:
        """Give all that is needed to go on, the average included.

        Returns:
            The state as of any optimiser of torch, and the key "average".
        """
        return super().state_dict() | {"average": self.average.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where another optimiser was.

        Args:
            state_dict: What `state_dict` gave here, or in `torch.optim.AdamW`, whose
                moments are the same and which leaves the average alone.
        """
        super().load_state_dict(state_dict)
        if "average" in state_dict:
            self.average.load_state_dict(state_dict["average"])

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"average": self.average}

    def _step(self, group: dict[str, Any], params: Tensors) -> None:
        states = [self._state_of(p, amsgrad=group["amsgrad"]) for p in params]
        rate, decay = _number(group["lr"]), group["weight_decay"]
        for state in states:
            state["step"] += 1
        if decay:
            _torch._foreach_mul_(params, 1 - rate * decay)
        gradients = [_real(cast("torch.Tensor", p.grad)) for p in params]
        if group["maximize"]:
            gradients = list(_torch._foreach_neg(gradients))
        first = [state["exp_avg"] for state in states]
        second = [state["exp_avg_sq"] for state in states]
        beta1, beta2 = map(_number, group["betas"])
        _torch._foreach_lerp_(first, gradients, 1 - beta1)
        _torch._foreach_mul_(second, beta2)
        _torch._foreach_addcmul_(second, gradients, gradients, 1 - beta2)
        if group["amsgrad"]:
            largest = [state["max_exp_avg_sq"] for state in states]
            _torch._foreach_maximum_(largest, second)
            second = largest
        steps: Scalars = [state["step"] for state in states]
        if not torch.compiler.is_compiling():
            steps = [float(step) for step in steps]
        roots = list(_torch._foreach_sqrt(second))
        factors = self._divide(group, roots, [(1 - beta2**t) ** 0.5 for t in steps])
        pairs = zip(factors, steps, strict=True)
        sizes = [-rate * factor / (1 - beta1**t) for factor, t in pairs]
        _add_quotients([_real(p) for p in params], first, roots, sizes)

    def _state_of(self, parameter: torch.Tensor, *, amsgrad: bool) -> dict[str, Any]:
        state: dict[str, Any] = self.state[parameter]
        if not state:
            state["step"] = torch.tensor(0.0, dtype=torch.float64)
            names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
            for name in names[: 3 if amsgrad else 2]:
                state[name] = torch.zeros_like(_real(parameter))
        return state


def _number(option: Any) -> Any:
    """Read an option of a group: a float, unless a step is being compiled."""
    return option if torch.compiler.is_compiling() else float(option)


def _add_quotients(
    params: Tensors, numerators: Tensors, denominators: Tensors, sizes: Scalars
) -> None:
    if torch.compiler.is_compiling():
        _torch._foreach_div_(denominators, sizes)
        _torch._foreach_addcdiv_(params, numerators, denominators)
    else:
        _torch._foreach_addcdiv_(params, numerators, denominators, sizes)


def _listed(params: Tensors, foreach: bool | None) -> list[Tensors]:
    """Lists of parameters to treat together."""
    if foreach is None:
        foreach = all(parameter.device.type != "cpu" for parameter in params)
    if foreach:
        return [params] if params else []
    return [[parameter] for parameter in params]


def _real(tensor: torch.Tensor) -> torch.Tensor:
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor
