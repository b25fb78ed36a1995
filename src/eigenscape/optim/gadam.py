"""Gadam and GadamX: adaptive steps whose iterates are averaged."""

from __future__ import annotations

from typing import Any, final

import torch
from torch.optim.optimizer import ParamsT

from eigenscape.optim.averaged_adam import AveragedAdam, Betas, Scalars, Tensors
from eigenscape.optim.averaging_start import StartRule

_torch: Any = torch  # whose _foreach_ functions carry no types


@final
class Gadam(AveragedAdam):
    """Adam with decoupled weight decay, and the average of its iterates.

        w ← w − η/(1 − β₁ᵗ) m / (√(v/(1 − β₂ᵗ)) + ε).

    The iterates are those of `torch.optim.AdamW`; the average is in `average`, an
    `IterateAverage` counted in steps:

        with optimiser.average.swapped():
            evaluate(model)

    Combine it with a learning rate that stays large, see `averaging_schedule`. The
    published runs on CIFAR-100 take a rate of 5e-4 to 1e-3 and a decay of 0.1 to 0.3.

    References:
        Granziol, Wan et al. (2020), arXiv 2003.01247, and its public code. Loshchilov
        and Hutter (2019), ICLR, Algorithm 2. Reddi et al. (2018), ICLR, for amsgrad.
    """

    def _divide(
        self, group: dict[str, Any], roots: Tensors, corrections: Scalars
    ) -> Scalars:
        _torch._foreach_div_(roots, corrections)
        _torch._foreach_add_(roots, group["eps"])
        return [1.0] * len(roots)


@final
class GadamX(AveragedAdam):
    """Partially adaptive moments with decoupled weight decay, and their average.

        w ← w − η √(1 − β₂ᵗ)/(1 − β₁ᵗ) m / (√v + ε)^{2p},

    p = 1/2 is fully adaptive and p = 0 is momentum. The bias of v is corrected as
    published: by its square root whatever p, which makes early steps smaller than p
    asks for. The average is kept as in `Gadam`.

    References:
        Granziol, Wan et al. (2020), arXiv 2003.01247, and its public code. Chen et al.
        (2020), IJCAI, Algorithm 1 (Padam).
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | torch.Tensor = 1e-1,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = True,
        partial: float = 0.125,
        *,
        average_start: int | StartRule | None = None,
        average_every: int = 1,
        maximize: bool = False,
        foreach: bool | None = None,
    ) -> None:
        """Make the optimiser; its defaults are those of the published code.

        Args:
            params: Parameters, named parameters or groups of them.
            lr: Learning rate η, of the size of that of SGD.
            betas: Decay rates β₁ and β₂ of the moments.
            eps: Added to the root of the second moment.
            weight_decay: λ. The published runs on CIFAR-100 take 2.5e-3 to 3e-3.
            amsgrad: Whether to divide by the largest second moment so far.
            partial: p in [0, 1/2], 0.125 for images and 0.2 for language as published.
            average_start: As of `Gadam`, like the three that follow.
            average_every: Steps from one iterate collected to the next.
            maximize: Whether to climb.
            foreach: Whether to treat the parameters of a group together.

        Raises:
            ValueError: An option is out of its range.
        """
        if not 0 <= partial <= 0.5:
            message = f"partial: expected a number in [0, 0.5], got {partial}"
            raise ValueError(message)
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            average_start=average_start,
            average_every=average_every,
            maximize=maximize,
            foreach=foreach,
        )
        self.defaults["partial"] = partial
        for group in self.param_groups:
            group.setdefault("partial", partial)

    def _divide(
        self, group: dict[str, Any], roots: Tensors, corrections: Scalars
    ) -> Scalars:
        _torch._foreach_add_(roots, group["eps"])
        _torch._foreach_pow_(roots, 2 * group["partial"])
        return corrections
