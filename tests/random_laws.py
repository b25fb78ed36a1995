"""Random members of every family of laws, for Hypothesis."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import strategies as st

from eigenscape.landscape.least_squares import LeastSquaresHessian
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.arcsine import Arcsine
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.free_binomial import FreeBinomial
from eigenscape.theory.laws.free_meixner import FreeMeixner
from eigenscape.theory.laws.free_poisson import FreePoisson
from eigenscape.theory.laws.fuss_catalan import FussCatalan
from eigenscape.theory.laws.jacobi import Jacobi
from eigenscape.theory.laws.kesten_mckay import KestenMcKay
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.mixture import Mixture
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.laws.uniform import Uniform


def quietly(build):
    """Hide from Hypothesis that the type checker draws an entry of a tuple."""

    def built(*arguments):
        state = random.getstate()
        try:
            return build(*arguments)
        finally:
            random.setstate(state)

    return built


scales = st.floats(0.1, 10.0)
ratios = st.floats(0.05, 0.95) | st.just(1.0) | st.floats(1.05, 5.0)
discrete = st.lists(
    st.tuples(st.integers(-20, 20), st.integers(1, 9)), min_size=1, max_size=6
).map(
    lambda pairs: Discrete(
        np.array([p / 4 for p, _ in pairs]),
        np.array([w for _, w in pairs]) / sum(w for _, w in pairs),
    )
)
jumps = st.lists(
    st.tuples(st.integers(-6, 6).filter(bool), st.integers(1, 9)),
    min_size=1,
    max_size=3,
).map(
    lambda pairs: Discrete(
        np.array([p / 2 for p, _ in pairs]),
        np.array([w for _, w in pairs]) / sum(w for _, w in pairs),
    )
)
simple = st.one_of(
    st.builds(Semicircle, scales),
    st.builds(MarchenkoPastur, ratios, scales),
    st.builds(KestenMcKay, st.integers(3, 50)),
    st.builds(FreeMeixner, scales, st.floats(-2.0, 2.0), st.floats(-0.95, 2.0)),
    st.builds(FreeMeixner, scales, st.floats(-2.0, 2.0), st.just(-1.0)),
    discrete,
    st.builds(Arcsine, st.floats(-3.0, -0.1), scales),
    st.builds(Uniform, st.floats(-3.0, -0.1), scales),
    st.builds(Jacobi, ratios.filter(lambda c: c <= 2), st.floats(0.05, 2.0)),
    st.builds(FreeBinomial, st.floats(1.1, 5.0), st.floats(0.05, 0.95)),
    st.builds(FussCatalan, st.floats(0.25, 5.0)),
    st.builds(quietly(FreePoisson), ratios, jumps),
    st.builds(quietly(FreePoisson), ratios, st.just(Uniform(1.0, 2.0))),
    st.builds(
        LeastSquaresHessian,
        st.floats(0.05, 0.95),
        st.floats(0.1, 5.0),
        st.sampled_from(["wigner", "relu"]),
        scales,
    ),
)


basic = simple | st.builds(
    quietly(lambda u, *two: Mixture(np.array([u, 1 - u]), two)),
    st.floats(0.05, 0.95),
    simple,
    simple,
)
reflections = st.sampled_from([-1.0, 1.0])
laws = basic | st.builds(
    lambda law, sign, scale, shift: Affine(law, sign * scale, shift),
    basic,
    reflections,
    scales,
    st.floats(-5.0, 5.0),
)
