"""DampedAdam: Adam whose ε is a damping, to be chosen or learned."""

from __future__ import annotations

from typing import Any, cast, final

import torch
from torch.optim.optimizer import ParamsT


@final
class DampedAdam(torch.optim.Adam):
    """Adam with the damping δ in the denominator √v̂ + δ, of each parameter group.

    The update is θ ← θ − η m̂ / (√v̂ + δ), v̂ = v/(1 − β₂ᵗ), by the very operations of
    PyTorch's Adam, whose ``eps`` is δ here: a group keeps it under that name, so that
    the state of one optimiser loads into the other. Small δ gives each coordinate its
    own rate, large δ is momentum SGD at the rate η/δ. The damping of a layer is that of
    its group: see `layer_groups`.

    References:
        Kingma and Ba (2015), ICLR, Algorithm 1.
        Granziol and Baskerville (2022), arXiv 2011.08181, on ε as damping.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | torch.Tensor = 1e-3,
        betas: tuple[float | torch.Tensor, float | torch.Tensor] = (0.9, 0.999),
        damping: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        decoupled_weight_decay: bool = False,
        foreach: bool | None = None,
        fused: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        """Take in the parameters; defaults are those of PyTorch's Adam.

        Args:
            params: Parameters, or groups of them with their own options; a group may
                give its damping as "damping" or "eps".
            lr: Learning rate η.
            betas: Decay of the means of gradients and of their squares.
            damping: δ.
            weight_decay: L2 penalty, or decay if decoupled.
            amsgrad: Whether v̂ never falls.
            decoupled_weight_decay: Whether weights decay by themselves, as in AdamW.
            foreach: Whether to treat all tensors at once; PyTorch's choice if None.
            fused: Whether to take PyTorch's fused kernel.
            maximize: Whether to ascend.
            differentiable: Whether a step can be differentiated.

        Raises:
            ValueError: If a number is out of range.
        """
        checks = (
            ("lr", lr, "at least 0", lr >= 0),
            ("damping", damping, "at least 0", damping >= 0),
            ("weight_decay", weight_decay, "at least 0", weight_decay >= 0),
            ("betas", betas, "two in [0, 1)", all(0 <= beta < 1 for beta in betas)),
        )
        for name, value, expected, fine in checks:
            if not fine:
                message = f"{name}: expected {expected}, got {value}; change it"
                raise ValueError(message)
        super().__init__(
            params,
            lr,
            betas,
            damping,
            weight_decay,
            amsgrad,
            foreach=foreach,
            fused=fused,
            maximize=maximize,
            differentiable=differentiable,
            decoupled_weight_decay=decoupled_weight_decay,
        )

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with options of their own.

        Args:
            param_group: "params", and options such as "lr" and "damping".

        Raises:
            ValueError: If the damping is negative.
        """
        group = dict(param_group)
        if "damping" in group:
            group["eps"] = group.pop("damping")
        if group.get("eps", 0.0) < 0:
            message = f"damping: expected at least 0, got {group['eps']}; raise it"
            raise ValueError(message)
        super().add_param_group(group)

    @property
    def dampings(self) -> tuple[float, ...]:
        """The damping δ of each parameter group."""
        return tuple(cast("float", group["eps"]) for group in self.param_groups)
