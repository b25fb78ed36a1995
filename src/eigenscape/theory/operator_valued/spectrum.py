"""The spectral distribution of a pencil, by its operator-valued Cauchy transform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Complex, Float, Inexact

from eigenscape.core import ConvergenceError
from eigenscape.theory.operator_valued.equation import DysonEquation, inverse_or_nan
from eigenscape.theory.operator_valued.fixed_point import Solution, solve

_BRIDGE = 1e-8  # in radii; squared, it is the error
_SMOOTH = 1e-5
_LOST = 1e-3  # with fewer digits than three, there is no certificate


@dataclass(frozen=True)
class PencilSpectrum:
    """The spectral distribution of a pencil, by g(z) = tr Q G(z), G = E[(z P − L)⁻¹].

    Every number is certified: the residual of the equation, its half-plane, and that
    the solution attracts. On the real axis nothing is smoothed. At the zeros of G in a
    gap, where the equation has its pole, G is the mean of its two neighbours. A point
    that is not certified, such as an atom, raises ConvergenceError, and one that is not
    finite ValueError.

    Attributes:
        equation: The equation of the self-energies.
    """

    equation: DysonEquation

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Evaluate the density of the continuous part, −Im g(x + i0) / π.

        Args:
            x: Points of the real line.

        Returns:
            The density; 0 in gaps, exactly.
        """
        return np.maximum(-np.imag(self.stieltjes(x)) / np.pi, 0.0)

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        """Evaluate g(z).

        Args:
            z: Points of the plane. A real point of the support stands for its limit
                from above.

        Returns:
            g(z).
        """
        return self._read(z, self.resolvent(z.ravel()))

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        """Evaluate g′(z), by the implicit function theorem.

        Args:
            z: Points of the plane, as for `stieltjes`.

        Returns:
            g′(z).
        """
        return self._read(z, self._certified(z.ravel(), self._slopes))

    def resolvent(self, z: Inexact[np.ndarray, " n"]) -> Complex[np.ndarray, "n m m"]:
        """Evaluate the matrix G(z) = E[(z P − L)⁻¹].

        Args:
            z: Points of the plane, as for `stieltjes`.

        Returns:
            G, one matrix a point.
        """
        return self._certified(z, self._resolvents)

    def _read(
        self, z: Inexact[np.ndarray, "*shape"], matrices: Complex[np.ndarray, "n m m"]
    ) -> Complex[np.ndarray, "*shape"]:
        traces = np.einsum("ab,nba->n", self.equation.readout, matrices)
        return traces.reshape(z.shape)

    def _certified(
        self, z: Inexact[np.ndarray, " n"], evaluate: _Evaluation
    ) -> Complex[np.ndarray, "n m m"]:
        if not np.isfinite(z).all():
            message = f"z: expected finite points, got {z[~np.isfinite(z)][0]}"
            raise ValueError(message)
        z = z.astype(complex)
        below = np.signbit(np.imag(z))
        above = np.where(below, z.conj(), z)
        with np.errstate(all="ignore"):  # poles are NaN and not certified
            values, solution = evaluate(above)
            missing = np.flatnonzero(~solution.certified)
            values[missing], bridged = self._bridged(above[missing], evaluate)
        if not bridged.all():
            worst = missing[np.argmin(bridged)]
            what = f"the resolvent of the pencil at z = {z[worst]}"
            raise ConvergenceError(
                what,
                iterations=solution.iterations,
                residual=float(solution.residual[worst]),
                remedy="move the point off an atom or an edge where g diverges",
            )
        adjoint = values.conj().swapaxes(1, 2)
        return np.where(below[:, None, None], adjoint, values)

    def _bridged(
        self, z: Complex[np.ndarray, " n"], evaluate: _Evaluation
    ) -> tuple[Complex[np.ndarray, "n m m"], Bool[np.ndarray, " n"]]:
        radius = self.equation.radius
        left, first = evaluate(z - _BRIDGE * radius)
        right, second = evaluate(z + _BRIDGE * radius)
        mean = (left + right) / 2
        size = np.linalg.norm(mean, axis=(1, 2)) + 1 / radius
        smooth = np.linalg.norm(right - left, axis=(1, 2)) <= _SMOOTH * size
        return mean, smooth & first.certified & second.certified

    def _resolvents(
        self, z: Complex[np.ndarray, " n"]
    ) -> tuple[Complex[np.ndarray, "n m m"], Solution]:
        solution = solve(self.equation, z)
        energy = self.equation.energy(solution.coordinates)
        values = inverse_or_nan(self.equation.placed(z) - energy)
        size = np.abs(values)
        change = (
            size @ np.tensordot(solution.error, np.abs(self.equation.basis), 1) @ size
        )
        lost = np.linalg.norm(change, axis=(1, 2)) / np.linalg.norm(size, axis=(1, 2))
        trusted = np.where(lost <= _LOST, solution.certified, False)
        return values, replace(solution, certified=trusted)

    def _slopes(
        self, z: Complex[np.ndarray, " n"]
    ) -> tuple[Complex[np.ndarray, "n m m"], Solution]:
        resolvent, solution = self._resolvents(z)
        equation, b, u = self.equation, self.equation.placed(z), solution.coordinates
        _, slope = equation.step(b, u)
        system = np.eye(u.shape[1]) - slope
        rate = inverse_or_nan(system) @ equation.drift(b, u)[..., None]
        change = equation.energy(rate[..., 0]) - equation.spectral
        return resolvent @ change @ resolvent, solution


_Evaluation = Callable[
    [Complex[np.ndarray, " n"]], tuple[Complex[np.ndarray, "n m m"], Solution]
]
