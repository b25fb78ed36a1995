"""Learning rate and momentum of heavy ball, from a few Lanczos steps.

A quadratic of curvatures between μ and L is descended by heavy ball at the rate
(√κ − 1)/(√κ + 1) a step, κ = L/μ, the best there is for a first-order method, with

    η = (2/(√L + √μ))²,    ρ = ((√L − √μ)/(√L + √μ))².

The published learner takes other values, η = √(μ/L) and ρ = (√L − √μ)/(√L + √μ): its
momentum is the root of the classical one, and its rate has no unit of a rate, so that
it is unstable where L √(μ/L) > 2(1 + ρ).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.curvature.krylov.lanczos import lanczos, ritz
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.probes import gaussian

Rule = Literal["classical", "published"]

STEPS = 20
"""Lanczos steps; default of the public code of Granziol, Zohren and Roberts (2022)."""

HEAVY = 0.5
"""Weight beyond which a Ritz value is taken for the bulk near zero; from that code."""


@dataclass(frozen=True)
class HeavyBallSettings:
    """A learning rate and a momentum, and the curvatures they come from.

    Attributes:
        rate: η.
        momentum: ρ.
        largest: L.
        smallest: μ.
        products: Products with the curvature spent.
    """

    rate: float
    momentum: float
    largest: float
    smallest: float
    products: int = 0


def heavy_ball_settings(
    largest: float, smallest: float, *, rule: Rule = "classical", products: int = 0
) -> HeavyBallSettings:
    """Choose rate and momentum for curvatures between μ and L.

    Args:
        largest: L.
        smallest: μ, positive and at most L.
        rule: "classical", or "published".
        products: Products spent on L and μ, to be reported.

    Returns:
        The settings; the module says what they are.

    Raises:
        ValueError: The curvatures are not 0 < μ ≤ L < ∞, or the rule is not known.

    References:
        Polyak (1964), Some methods of speeding up the convergence of iteration
        methods, USSR Computational Mathematics and Mathematical Physics 4, for the
        classical rule. The published one is that of the public code of Granziol,
        Zohren and Roberts (2022), Learning rates as a function of batch size, JMLR 23.
    """
    if not 0 < smallest <= largest < math.inf:
        message = (
            "largest, smallest: expected 0 < μ ≤ L < ∞, got "
            f"L = {largest} and μ = {smallest}"
        )
        raise ValueError(message)
    if rule not in get_args(Rule):
        message = f"rule: expected one of {get_args(Rule)}, got {rule!r}"
        raise ValueError(message)
    total = math.sqrt(largest) + math.sqrt(smallest)
    ratio = (math.sqrt(largest) - math.sqrt(smallest)) / total
    if rule == "classical":
        rate, momentum = (2 / total) ** 2, ratio**2
    else:
        rate, momentum = math.sqrt(smallest / largest), ratio
    return HeavyBallSettings(rate, momentum, largest, smallest, products)


def curvature_range(
    values: Float[np.ndarray, " m"],
    weights: Float[np.ndarray, " m"],
    *,
    heavy: float = HEAVY,
) -> tuple[float, float]:
    """Take L and μ from Ritz values: the largest |θ|, the smallest of little weight.

    Args:
        values: Ritz values θ.
        weights: Their weights, the squared first components.
        heavy: Weight beyond which a value is deleted before μ is taken; L may be one.

    Returns:
        L and μ.

    Raises:
        ValueError: No value is left, or a number is not finite.

    References:
        The public code of Granziol, Zohren and Roberts (2022); weights sum to one, so
        that its repeated deletion deletes one value at most.
    """
    sizes = np.abs(values)
    if not (np.isfinite(sizes).all() and np.isfinite(weights).all()):
        message = "values, weights: expected finite numbers, got others"
        raise ValueError(message)
    left = sizes[weights <= heavy]
    if left.size == 0:
        message = (
            f"values: expected one of weight {heavy:g} or less, got {values.size} "
            "value(s) of more; take more Lanczos steps"
        )
        raise ValueError(message)
    return float(sizes.max()), float(left.min())


def learn_heavy_ball(
    operator: LinearOperator,
    *,
    rule: Rule = "classical",
    steps: int = STEPS,
    heavy: float = HEAVY,
    generator: torch.Generator,
) -> HeavyBallSettings:
    """Learn rate and momentum by Lanczos from one random vector.

    Curvature below 0 counts by its magnitude. On a spectrum that goes down to 0, μ is
    the scale the random vector resolves in so many steps, not a property of it.

    Args:
        operator: The curvature, usually the Hessian of a small batch: of 32 to 1,024
            examples in the published runs.
        rule: "classical", or "published".
        steps: Lanczos steps.
        heavy: See `curvature_range`.
        generator: Source of the random vector, on the processor.

    Returns:
        The settings.
    """
    start = gaussian(
        operator.size,
        1,
        generator=generator,
        dtype=operator.dtype,
        device=operator.device,
    )[:, 0]
    krylov = lanczos(operator, start, steps=steps)
    found = ritz(krylov)
    largest, smallest = curvature_range(found.values, found.weights, heavy=heavy)
    return heavy_ball_settings(largest, smallest, rule=rule, products=len(krylov.alpha))
