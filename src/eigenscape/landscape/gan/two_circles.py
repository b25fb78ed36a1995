"""All critical points of sampled GANs on two circles, by algebra."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Complex, Float

from eigenscape.landscape.gan.model import GanGlass
from eigenscape.landscape.search.polynomial_system import common_roots, mixed_volume

_ON_CIRCLE = 1e-8


@dataclass(frozen=True)
class CirclePoints:
    """Critical points of one instance with N_D = N_G = 2.

    Attributes:
        angles: (θ_D, θ_G), one a row.
        losses: (L_D, L_G)/√N, N = 4.
        curvatures: (∂²L_D/∂θ_D², ∂²L_G/∂θ_G²).
    """

    angles: Float[np.ndarray, "k 2"]
    losses: Float[np.ndarray, "k 2"]
    curvatures: Float[np.ndarray, "k 2"]


def two_circle_points(model: GanGlass, *, rng: np.random.Generator) -> CirclePoints:
    """Draw an instance on two circles and find every critical point.

    The losses are polynomials of e^{iθ_D} and e^{iθ_G}, whose common complex roots are
    all found; their number is that of Bernstein's theorem.

    Args:
        model: The two glasses; their fraction is not used.
        rng: Source of randomness.

    Returns:
        The real critical points.
    """
    own = _modes(rng.standard_normal((2,) * model.discriminator_layers))
    both = model.noise * _modes(rng.standard_normal((4,) * model.degree))
    first = -both
    reach = model.degree
    p = model.discriminator_layers
    first[reach - p : reach + p + 1, reach] += own
    orders = np.arange(-reach, reach + 1)
    slopes = 1j * orders[:, None] * first, 1j * orders * both
    trimmed = [np.where(np.abs(s) > 1e-14 * np.abs(s).max(), s, 0) for s in slopes]
    roots = common_roots(*trimmed, count=mixed_volume(*trimmed))
    real = roots[(np.abs(np.abs(roots) - 1) < _ON_CIRCLE).all(axis=1)]
    angles = np.angle(real)

    def evaluate(modes: Complex[np.ndarray, "j k"]) -> np.ndarray:
        left = np.exp(1j * np.multiply.outer(angles[:, 0], orders))
        right = np.exp(1j * np.multiply.outer(angles[:, 1], orders))
        return np.real(((left @ modes) * right).sum(axis=1))

    curved = -(orders[:, None] ** 2) * first, -(orders**2) * both
    return CirclePoints(
        angles,
        np.stack([evaluate(first), evaluate(both)], axis=1) / 2,
        np.stack([evaluate(c) for c in curved], axis=1),
    )


def _modes(tensor: np.ndarray) -> Complex[np.ndarray, ...]:
    """Read the Fourier modes of a form on one circle, or on a pair of circles."""
    degree, pair = tensor.ndim, len(tensor) == 4
    count = 2 * degree + 1
    angles = 2 * math.pi * np.arange(count) / count
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    if not pair:
        values = np.array([_form(tensor, w) for w in circle])
        return np.fft.fftshift(np.fft.fft(values)) / count
    points = [np.concatenate(w) for w in product(circle, circle)]
    values = np.array([_form(tensor, w) for w in points]).reshape(count, count)
    return np.fft.fftshift(np.fft.fft2(values)) / count**2


def _form(tensor: np.ndarray, w: Float[np.ndarray, " n"]) -> float:
    while tensor.ndim:
        tensor = np.matmul(tensor, w)
    return float(tensor)
