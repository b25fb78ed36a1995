"""A law scaled and shifted."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Inexact

from eigenscape.theory.laws.law import Atom, Interval, Law


@dataclass(frozen=True)
class Affine(Law):
    """The law of sX + c for X of another law, with g(z) = g_X((z − c) / s) / s.

    Attributes:
        law: The law of X.
        scale: s, not 0; a negative one reflects.
        shift: c, in the units of the eigenvalue of the result.
    """

    law: Law
    scale: float = 1.0
    shift: float = 0.0

    def __post_init__(self) -> None:
        if self.scale == 0 or not math.isfinite(self.scale):
            message = (
                f"scale: expected a finite number other than 0, got {self.scale}; "
                "a point mass is a Discrete law"
            )
            raise ValueError(message)
        if not math.isfinite(self.shift):
            message = f"shift: expected a finite number, got {self.shift}"
            raise ValueError(message)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The image of the support of X."""
        images = [
            (self._image(i.lower), self._image(i.upper)) for i in self.law.support
        ]
        return tuple(Interval(min(i), max(i)) for i in sorted(images))

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """The images of the atoms of X."""
        images = [Atom(self._image(a.location), a.weight) for a in self.law.atoms]
        return tuple(images if self.scale > 0 else reversed(images))

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        return self.law.density((x - self.shift) / self.scale) / abs(self.scale)

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return np.asarray(self.law.stieltjes(self._preimage(z)) / self.scale)

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        slope = self.law.stieltjes_derivative(self._preimage(z))
        return np.asarray(slope / self.scale**2)

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        value, slope = self.law.self_energy(self._preimage(z))
        image = self.scale * value
        return np.asarray(image + self.shift if self.shift else image), slope

    def _preimage(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        # Part by part: a complex quotient would not keep the sign of a zero.
        preimage = z.astype(np.complex128)
        if self.shift:
            preimage.real -= self.shift
        preimage.real /= self.scale
        preimage.imag /= self.scale
        return preimage

    def _image(self, x: float) -> float:
        return self.scale * x + self.shift
