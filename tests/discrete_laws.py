"""Laws of few atoms, and the mass of a law by its panels."""

import numpy as np
from hypothesis import strategies as st

from eigenscape.theory.laws import Discrete
from eigenscape.theory.panels import cut_panels


def atoms(locations, weights=None):
    places = np.array(locations, float)
    masses = np.ones(places.size) if weights is None else np.array(weights, float)
    return Discrete(places, masses / masses.sum())


def projection(rank):
    return atoms([0.0, 1.0], [1 - rank, rank])


def total_mass(law):
    continuous = sum(
        cut_panels(law, i).mass_below(np.array([i.upper]))[0] for i in law.support
    )
    return continuous + sum(atom.weight for atom in law.atoms)


two_atoms = st.builds(
    lambda low, step, share: atoms([low, low + step], [share, 1 - share]),
    st.floats(0.2, 4.0),
    st.floats(0.2, 8.0),
    st.floats(0.05, 0.95),
)
