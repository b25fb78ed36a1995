"""A law known by its self-energy alone against the closed form of the same law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.theory import Atom, Interval, Semicircle
from eigenscape.theory.convolution.self_energy_law import SelfEnergyLaw

TRUTH = Semicircle(1.0)


@dataclass(frozen=True)
class ByEnergy(SelfEnergyLaw):
    @property
    def support(self) -> tuple[Interval, ...]:
        return TRUTH.support

    @property
    def atoms(self) -> tuple[Atom, ...]:
        return ()

    @property
    def spread(self) -> float:
        return TRUTH.hull.width

    def upper_self_energy(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return TRUTH.self_energy(z)


def test_transform_slope_and_density_follow() -> None:
    law, x = ByEnergy(), np.linspace(-2.5, 2.5, 12)
    for z in (x + 0.1j, x - 0.1j, x.astype(complex)):
        assert np.abs(law.stieltjes(z) - TRUTH.stieltjes(z)).max() <= 1e-14
        away = np.abs(np.abs(x) - 2) > 0.1
        slope = law.stieltjes_derivative(z)[away]
        assert np.abs(slope - TRUTH.stieltjes_derivative(z)[away]).max() <= 1e-12
    assert np.abs(law.density(x) - TRUTH.density(x)).max() <= 1e-14
