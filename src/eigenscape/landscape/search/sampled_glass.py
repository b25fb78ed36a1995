"""SampledGlass: one instance of a spin glass, as tensors of couplings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float
from numpy.polynomial import Polynomial

from eigenscape.landscape.exact_counts import require_dimension
from eigenscape.landscape.signal import SignalledGlass
from eigenscape.landscape.spin_glass import SpinGlass

Vector: TypeAlias = Float[np.ndarray, " n"]
Matrix: TypeAlias = Float[np.ndarray, "n n"]

_MOST = 1 << 30


@dataclass(frozen=True)
class SampledGlass:
    """f(w) = ∑ₚ √aₚ ∑ J w…w + √N S(m), with independent normal couplings J.

    Attributes:
        model: The law it is drawn from.
        couplings: One array of p axes for each degree p, times √aₚ.
        direction: v, with m = w·v.
    """

    model: SignalledGlass
    couplings: tuple[Float[np.ndarray, ...], ...]
    direction: Float[np.ndarray, " n"]

    @property
    def dimension(self) -> int:
        """N."""
        return self.direction.size

    def value(self, point: Vector) -> float:
        """Evaluate f.

        Args:
            point: w, a unit vector.

        Returns:
            f(w); the energy is f/√N.
        """
        w = point
        noise = sum(float(_contracted(j, w)) for j in self.couplings)
        return noise + float(self._signal(0)(self.direction @ w))

    def gradient(self, point: Vector) -> Vector:
        """Evaluate the gradient in ℝᴺ, of the extension by homogeneous polynomials.

        Args:
            point: w.

        Returns:
            ∇f(w), not yet projected.
        """
        total = self._signal(1)(self.direction @ point) * self.direction
        for tensor in self.couplings:
            total += _gradient(tensor, point)
        return total

    def hessian(self, point: Vector) -> Matrix:
        """Evaluate the second derivatives in ℝᴺ.

        Args:
            point: w.

        Returns:
            ∇²f(w).
        """
        spike = self._signal(2)(self.direction @ point)
        total = spike * np.outer(self.direction, self.direction)
        for tensor in self.couplings:
            if tensor.ndim > 1:
                half = _hessian(tensor, point)
                total += half + half.T
        return total

    def riemannian(self, point: Vector) -> tuple[Vector, Matrix]:
        """Evaluate the gradient and the Hessian on the sphere.

        Args:
            point: w.

        Returns:
            The projected gradient, and P(∇²f − (w·∇f))P, which has w in its kernel.
        """
        gradient = self.gradient(point)
        radial = float(point @ gradient)
        hessian = self.hessian(point) - radial * np.eye(self.dimension)
        along = hessian @ point
        hessian -= np.outer(along, point) + np.outer(point, along)
        hessian += float(point @ along) * np.outer(point, point)
        return gradient - radial * point, hessian

    def _signal(self, order: int) -> Polynomial:
        polynomial = self.model.polynomial * math.sqrt(self.dimension)
        return polynomial.deriv(order) if order else polynomial


def sample_glass(
    model: SpinGlass | SignalledGlass,
    dimension: int,
    *,
    rng: np.random.Generator,
    dtype: type[np.floating[Any]] = np.float64,
) -> SampledGlass:
    """Draw an instance.

    Args:
        model: The law.
        dimension: N; the greatest array of couplings has Nᵖ entries, a gradient reads
            it twice.
        rng: Source of randomness.
        dtype: Of the couplings; float32 halves their memory.

    Returns:
        The instance; a signal points along the first axis.

    Raises:
        ValueError: An array of couplings would have more than 2³⁰ entries.
    """
    require_dimension(dimension)
    law = SignalledGlass(model, (0.0,)) if isinstance(model, SpinGlass) else model
    glass = law.glass
    if dimension ** glass.degrees[-1] > _MOST:
        message = (
            f"dimension: expected at most 2³⁰ couplings, got {dimension} to the power "
            f"{glass.degrees[-1]}; take a smaller dimension"
        )
        raise ValueError(message)
    couplings: list[np.ndarray] = []
    for p, weight in zip(glass.degrees, glass.weights, strict=True):
        tensor = rng.standard_normal((dimension,) * p, dtype=dtype)
        tensor *= dtype(math.sqrt(weight))
        couplings.append(tensor)
    direction = np.zeros(dimension)
    direction[0] = 1.0
    return SampledGlass(law, tuple(couplings), direction)


def _contracted(tensor: np.ndarray, w: Vector, keep: int = 0) -> np.ndarray:
    # Contract the last axes until so many are left.
    v = w.astype(tensor.dtype)
    while tensor.ndim > keep:
        tensor = np.matmul(tensor, v)
    return np.asarray(tensor, dtype=np.float64)


def _gradient(tensor: np.ndarray, w: Vector) -> Vector:
    total = np.zeros(w.size)
    v = w.astype(tensor.dtype)
    while tensor.ndim > 1:
        total += _contracted(tensor, w, 1)
        tensor = np.tensordot(v, tensor, axes=1)
    return total + tensor


def _hessian(tensor: np.ndarray, w: Vector) -> Matrix:
    # Over pairs of axes i < j: the first is kept, or contracted.
    total = np.zeros((w.size, w.size))
    v = w.astype(tensor.dtype)
    while tensor.ndim > 1:
        rest = tensor
        while rest.ndim > 2:
            total += _contracted(rest, w, 2)
            # A product of matrices reads three axes where they lie.
            rest = v @ rest if rest.ndim == 3 else np.tensordot(rest, v, axes=(1, 0))
        total += rest
        tensor = np.tensordot(v, tensor, axes=1)
    return total
