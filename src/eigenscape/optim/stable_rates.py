"""The largest stable rate of an optimiser at a sharpness, on a batch held fixed.

On batches that are drawn anew at each step it is less, by far with momentum and small
batches: `MeanSquareCurvature` measures what that takes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def stable_rate(group: Mapping[str, Any], sharpness: float) -> float:
    """Compute the largest stable rate of a parameter group's optimiser.

    On a quadratic held fixed it is 2(1 + ρ)/λ′ for heavy ball, 2(1 + ρ)/((1 + 2ρ) λ′)
    for Nesterov's momentum, and 2(1 + β₁)/((1 − β₁) λ′) for Adam and its kin in their
    own metric. Dampening d divides by 1 − d; the L2 penalty of SGD adds to λ′.

    Args:
        group: A parameter group, of which momentum, dampening, nesterov, betas and
            weight_decay are read where they are.
        sharpness: λ′.

    Returns:
        The rate; infinite where nothing curves upwards.

    References:
        Cohen et al. (2021), Gradient descent on neural networks typically occurs at the
        edge of stability, ICLR, App. B, for momentum; (2022), arXiv 2207.14484, Sec. 2,
        for Adam.
    """
    if "betas" in group:
        beta = float(group["betas"][0])
        edge = 2 * (1 + beta) / (1 - beta)
    else:
        momentum = float(group.get("momentum", 0.0))
        edge = 2 * (1 + momentum)
        if group.get("nesterov", False):
            edge /= 1 + 2 * momentum
        elif momentum:
            edge /= 1 - float(group.get("dampening", 0.0))
        sharpness += float(group.get("weight_decay", 0.0))
    return edge / sharpness if sharpness > 0 else math.inf


def single_step_rate(group: Mapping[str, Any], sharpness: float) -> float:
    """Compute the largest rate at which one step does not raise the loss, 2/λ_c.

    Args:
        group: A parameter group, of no effect.
        sharpness: λ_c along the update that the optimiser makes, whatever it is.

    Returns:
        The rate; infinite where the loss does not rise.
    """
    del group
    return 2 / sharpness if sharpness > 0 else math.inf
