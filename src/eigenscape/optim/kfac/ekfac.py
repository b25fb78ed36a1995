"""EKFAC: KFAC with corrected eigenvalues."""

from __future__ import annotations

from typing import final

from torch import nn
from torch.nn import Parameter

from eigenscape.optim.kfac.discovery import Discovery, discover
from eigenscape.optim.kfac.optimiser import KroneckerOptimiser


@final
class EKFAC(KroneckerOptimiser):
    """Descent along (Q diag S Qᵀ + δ)⁻¹ ḡ with the eigenbasis Q of the factors.

    S is the second moment of single examples' gradients in that basis, a running mean
    that begins at the products of the factors' eigenvalues whenever these are computed
    anew and is updated whenever the factors are. Among all matrices of this basis it is
    the nearest to the Fisher matrix in the Frobenius norm.

    References:
        George et al. (2018), arXiv 1806.03884.
    """

    def _discover(self, model: nn.Module, params: set[Parameter]) -> Discovery:
        if self.settings.form != "product":
            message = (
                f"form: expected 'product' with corrected eigenvalues, got "
                f"{self.settings.form!r}; they are no products of factors"
            )
            raise ValueError(message)
        return discover(model, params, self.settings, corrected=True)
