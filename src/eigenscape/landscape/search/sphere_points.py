"""All critical points of a sampled glass in two and three dimensions, by algebra."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.transform import Rotation

from eigenscape.core import ConvergenceError
from eigenscape.landscape.search.circle_points import circle_critical_points
from eigenscape.landscape.search.polynomial_system import common_roots
from eigenscape.landscape.search.sampled_glass import SampledGlass

Matrix: TypeAlias = Float[np.ndarray, "j k"]

_REAL = 1e-8
_CHARTS = ((0.0, 0.0, 0.0), (0.7, 1.3, 2.1), (2.6, 0.4, 1.7), (1.9, 2.2, 0.3))


@dataclass(frozen=True)
class CriticalPoints:
    """Critical points of one instance.

    Attributes:
        points: Unit vectors, one a row.
        energies: f/√N.
        indices: Numbers of negative eigenvalues of the Hessian on the sphere.
    """

    points: Float[np.ndarray, "k n"]
    energies: Float[np.ndarray, " k"]
    indices: Int[np.ndarray, " k"]


def all_critical_points(field: SampledGlass) -> CriticalPoints:
    """Find every critical point of an instance on the circle or the sphere.

    On the circle the derivative is a polynomial of e^{iθ}. On the sphere the critical
    points of a pure p-spin glass are the real ones of p² − p + 1 eigenvectors of a
    tensor, all of which are found.

    Args:
        field: The instance: N = 2, or a pure glass without a signal and N = 3.

    Returns:
        All its critical points.

    Raises:
        ValueError: The dimension is neither, or the glass is not pure at N = 3.

    References:
        Cartwright and Sturmfels (2013), The number of eigenvalues of a tensor, Linear
        Algebra and its Applications 438.
    """
    if field.dimension == 2:
        points = _circle(field)
    elif field.dimension == 3 and len(field.couplings) == 1 and _unsignalled(field):
        points = _sphere(field.couplings[0])
    else:
        message = (
            "field: expected an instance at N = 2, or a pure one without a signal at "
            f"N = 3, got N = {field.dimension}; search by descent instead"
        )
        raise ValueError(message)
    return described(field, points)


def described(field: SampledGlass, points: Float[np.ndarray, "k n"]) -> CriticalPoints:
    """Give the energies and indices of critical points.

    Args:
        field: The instance.
        points: Unit vectors.

    Returns:
        The points with both.
    """
    n = field.dimension
    spectra = [np.linalg.eigvalsh(field.riemannian(w)[1]) for w in points]
    # The kernel along w is left out: it is the eigenvalue nearest to 0.
    indices = [int((np.delete(s, np.abs(s).argmin()) < 0).sum()) for s in spectra]
    values = np.array([field.value(w) for w in points])
    return CriticalPoints(
        points, values / math.sqrt(n), np.array(indices, dtype=np.int64)
    )


def _unsignalled(field: SampledGlass) -> bool:
    return not any(field.model.signal[1:])


def _circle(field: SampledGlass) -> Float[np.ndarray, "k 2"]:
    degree = max(field.model.glass.degrees[-1], len(field.model.signal) - 1)
    angles, _ = circle_critical_points(
        lambda a: field.value(np.array([math.cos(a), math.sin(a)])), degree
    )
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _sphere(tensor: np.ndarray) -> Float[np.ndarray, "k 3"]:
    # Points that nearly meet in one chart may be apart in another.
    for angles in _CHARTS[:-1]:
        with contextlib.suppress(ConvergenceError):
            return _in_chart(tensor, angles)
    return _in_chart(tensor, _CHARTS[-1])


def _in_chart(
    tensor: np.ndarray, angles: tuple[float, ...]
) -> Float[np.ndarray, "k 3"]:
    frame = Rotation.from_euler("xyz", angles).as_matrix()
    for _ in range(tensor.ndim):
        tensor = np.tensordot(tensor, frame, axes=(0, 0))
    return _eigenvectors(tensor) @ frame.T


def _eigenvectors(tensor: np.ndarray) -> Float[np.ndarray, "k 3"]:
    # In the chart w ~ (x, y, 1): yF_z − F_y = 0 and F_x − xF_z = 0.
    p = tensor.ndim
    first, second = np.zeros((2, p + 1, p + 1))
    for axes in product(range(3), repeat=p):
        j, k = axes.count(0), axes.count(1)
        amount = float(tensor[axes])
        deep = p - j - k
        if deep:
            first[j, k + 1] += deep * amount
            second[j + 1, k] -= deep * amount
        if k:
            first[j, k - 1] -= k * amount
        if j:
            second[j - 1, k] += j * amount
    roots = common_roots(first[:p], second, count=p**2 - p + 1)
    real = np.real(roots[(np.abs(np.imag(roots)) < _REAL).all(axis=1)])
    rays = np.concatenate([real, np.ones((len(real), 1))], axis=1)
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    return np.concatenate([rays, -rays])
