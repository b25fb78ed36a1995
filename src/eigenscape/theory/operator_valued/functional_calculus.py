"""Analytic functions of many small matrices at once, with their derivatives.

A function f of T = ∑ᵢ tᵢ Πᵢ is ∑ᵢ f(tᵢ) Πᵢ, and its derivative in the direction H is
∑ᵢⱼ f[tᵢ, tⱼ] Πᵢ H Πⱼ with the divided differences f[·, ·] (Daletskii–Krein).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Complex, Float

ScalarFunction = Callable[
    [Complex[np.ndarray, "n r"]],
    tuple[Complex[np.ndarray, "n r"], Complex[np.ndarray, "n r"]],
]
"""t ↦ (f(t), f′(t)), analytic around the eigenvalues."""

_DEFECTIVE = 1e3  # a condition that costs three digits
_RADIUS = 1e-3
_DIRECTIONS = np.exp(2j * np.pi * np.arange(8) / 8)
_AGREEMENT = 1e-6
_CONFLUENT = 1e-7


def matrix_function(
    function: ScalarFunction, matrices: Complex[np.ndarray, "n r r"]
) -> tuple[Complex[np.ndarray, "n r r"], Complex[np.ndarray, "n r2 r2"]]:
    """Evaluate f(T) and its derivative as a matrix on row-major vec(H).

    Where T is nearly defective, f(T) is the mean of f(T + sE) over a small circle of
    s, on which the eigenvalues part; a mean that its half does not confirm is NaN.

    Args:
        function: The scalar function and its derivative.
        matrices: T, one a point.

    Returns:
        f(T) and the Fréchet derivative.
    """
    values, slopes, condition = _by_projectors(function, matrices)
    bad = np.flatnonzero(~(condition < _DEFECTIVE))
    if bad.size:
        values[bad], slopes[bad] = _by_circle(function, matrices[bad])
    return values, slopes


def _by_circle(
    function: ScalarFunction, matrices: Complex[np.ndarray, "n r r"]
) -> tuple[Complex[np.ndarray, "n r r"], Complex[np.ndarray, "n r2 r2"]]:
    size = matrices.shape[-1]
    i, j = np.indices((size, size))
    direction = np.cos(1.0 + i + 2.0 * j)  # in general position
    radius = _RADIUS * np.linalg.norm(matrices, axis=(1, 2))[:, None, None]
    around = [
        _by_projectors(function, matrices + s * radius * direction)[:2]
        for s in _DIRECTIONS
    ]
    values = np.array([value for value, _ in around])
    mean = values.mean(axis=0)
    half = values[::2].mean(axis=0)
    gap = np.linalg.norm(mean - half, axis=(1, 2))
    mean[~(gap <= _AGREEMENT * np.linalg.norm(mean, axis=(1, 2)))] = np.nan
    return mean, np.mean([slope for _, slope in around], axis=0)


def _by_projectors(
    function: ScalarFunction, matrices: Complex[np.ndarray, "n r r"]
) -> tuple[
    Complex[np.ndarray, "n r r"],
    Complex[np.ndarray, "n r2 r2"],
    Float[np.ndarray, " n"],
]:
    places, projectors, condition = _projectors(matrices)
    values, slopes = function(places)
    count, size = places.shape
    total = np.einsum("ni,niab->nab", values, projectors)
    weighted = np.einsum(
        "nij,njcd->nicd", _differences(places, values, slopes), projectors
    )
    # vec(Π H Π′) = (Π ⊗ Π′ᵀ) vec(H)
    derivative = np.einsum("niab,nicd->nadbc", projectors, weighted)
    return total, derivative.reshape(count, size**2, size**2), condition


def _differences(
    places: Complex[np.ndarray, "n r"],
    values: Complex[np.ndarray, "n r"],
    slopes: Complex[np.ndarray, "n r"],
) -> Complex[np.ndarray, "n r r"]:
    apart = places[:, :, None] - places[:, None, :]
    rise = values[:, :, None] - values[:, None, :]
    mean = (slopes[:, :, None] + slopes[:, None, :]) / 2
    size = np.abs(places[:, :, None]) + np.abs(places[:, None, :])
    near = np.abs(apart) <= _CONFLUENT * size
    return np.where(near, mean, rise / np.where(near, 1.0, apart))


def _projectors(
    matrices: Complex[np.ndarray, "n r r"],
) -> tuple[
    Complex[np.ndarray, "n r"],
    Complex[np.ndarray, "n r r r"],
    Float[np.ndarray, " n"],
]:
    count, size, _ = matrices.shape
    if size == 1:
        return matrices[:, 0], np.ones((count, 1, 1, 1), complex), np.ones(count)
    if size == 2:
        return _projectors_of_two(matrices)
    places, vectors = np.linalg.eig(matrices)
    try:
        left = np.linalg.inv(vectors)
    except np.linalg.LinAlgError:
        left = np.full_like(vectors, np.nan)
    projectors = np.einsum("nai,nib->niab", vectors, left)
    condition = np.abs(projectors).max(axis=(1, 2, 3))
    return places, projectors, condition


def _projectors_of_two(
    matrices: Complex[np.ndarray, "n 2 2"],
) -> tuple[
    Complex[np.ndarray, "n 2"],
    Complex[np.ndarray, "n 2 2 2"],
    Float[np.ndarray, " n"],
]:
    middle = (matrices[:, 0, 0] + matrices[:, 1, 1]) / 2
    skew = (matrices[:, 0, 0] - matrices[:, 1, 1]) / 2
    root = np.sqrt(skew**2 + matrices[:, 0, 1] * matrices[:, 1, 0])
    traceless = matrices - middle[:, None, None] * np.eye(2)
    size = np.abs(traceless).max(axis=(1, 2))
    split = np.where(root == 0, 1.0, root)
    unit = traceless / split[:, None, None]
    condition = np.where(root == 0, np.where(size == 0, 1.0, np.inf), size / abs(split))
    places = np.stack([middle + root, middle - root], axis=1)
    projectors = np.stack([np.eye(2) + unit, np.eye(2) - unit], axis=1) / 2
    return places, projectors, condition
