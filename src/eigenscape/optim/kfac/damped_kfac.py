"""DampedKFAC: KFAC whose damping is learned, globally, by layer or by factor."""

from __future__ import annotations

from typing import Any, Literal, final, get_args

from torch import nn
from torch.nn import Parameter

from eigenscape.optim.kfac.discovery import Discovery, discover
from eigenscape.optim.kfac.optimiser import KroneckerOptimiser, Params
from eigenscape.optim.layer_groups import layer_groups

By = Literal["all", "layer", "factor"]


@final
class DampedKFAC(KroneckerOptimiser):
    """KFAC made for a ``DampingLearner``, which sets δ and multiplies η by 1 + δ.

    By "all" there is one δ, as published: let the learner take all parameters. By
    "layer" each module has a parameter group of its own: let it take each group. By
    "factor" each Kronecker factor M is shrunk too, to β M + (1 − β) μ I with the share
    β = d²/(d² + s²) that is best for the noise s² of its running mean; that noise is
    estimated from how much measurements scatter around it, so that it needs no probe
    set, and the learner's δ is that of what is left.

    References:
        Granziol and Baskerville (2022), J. Phys. Complexity, arXiv 2011.08181.
        Ledoit and Wolf (2004), J. Multivariate Anal. 88, Theorem 2.1, for β.
    """

    def __init__(
        self,
        model: nn.Module,
        params: Params | None = None,
        *,
        by: By = "all",
        **options: Any,
    ) -> None:
        """Attach to a model.

        Args:
            model: The model.
            params: See KFAC; groups of one's own are not for `by` "layer".
            by: See the class.
            options: All other arguments of KFAC.

        Raises:
            ValueError: If `by` is unknown, or groups are given twice.
        """
        if by not in get_args(By):
            told = " or ".join(map(repr, get_args(By)))
            message = f"by: expected {told}, got {by!r}"
            raise ValueError(message)
        self._by = by
        if by == "layer":
            if params is not None:
                message = (
                    "params: expected None with by='layer', which makes the groups, "
                    "got some; freeze parameters that are not to be optimised"
                )
                raise ValueError(message)
            params = layer_groups(model)
        super().__init__(model, params, **options)

    def _discover(self, model: nn.Module, params: set[Parameter]) -> Discovery:
        return discover(model, params, self.settings, shrunk=self._by == "factor")
