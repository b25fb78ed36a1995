"""KFAC: natural gradients by Kronecker-factored approximate curvature."""

from __future__ import annotations

from typing import final

from torch import nn
from torch.nn import Parameter

from eigenscape.optim.kfac.discovery import Discovery, discover
from eigenscape.optim.kfac.optimiser import KroneckerOptimiser


@final
class KFAC(KroneckerOptimiser):
    """Descent along (G ⊗ A + δ)⁻¹ ḡ, layer by layer.

    The defaults are those of the public training code of Granziol and Baskerville,
    arXiv 2011.08181; with ``FactorSettings(sharing="published", others="gradient")`` it
    is their algorithm.

    References:
        Martens and Grosse (2015), arXiv 1503.05671.
        Grosse and Martens (2016), arXiv 1602.01407, for convolutions.
    """

    def _discover(self, model: nn.Module, params: set[Parameter]) -> Discovery:
        return discover(model, params, self.settings)
