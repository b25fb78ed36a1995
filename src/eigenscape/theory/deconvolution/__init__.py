"""Free deconvolution: the law of a matrix from the spectrum of a noisy one."""

from eigenscape.theory.deconvolution.free_deconvolution import (
    Deconvolution,
    free_deconvolution,
)

__all__ = ["Deconvolution", "free_deconvolution"]
