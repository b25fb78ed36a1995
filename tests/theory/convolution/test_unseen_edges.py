"""Edges and outliers of pairs chosen after the engine was built, at 40 digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

from eigenscape.theory import (
    Arcsine,
    Jacobi,
    KestenMcKay,
    Law,
    MarchenkoPastur,
    Semicircle,
    Uniform,
    free_additive_convolution,
    multiplicative_outliers,
    outliers,
    subordination,
)
from exact_pairs import (
    DIGITS,
    EPS,
    NONZERO,
    SUMS,
    THREE,
    Sum,
    Transform,
    arcsine,
    atomic,
    bulk_discrete,
    jacobi,
    kesten_mckay,
    marchenko_pastur,
    semicircle,
    slope,
    uniform,
    values_and_rates,
)


def edge(laws: list[Law], parts: list[Transform], x: float) -> mpf:
    """Find z where dz/du = 0 on z(u) = w₁ + w₂ − u, u = 1/Gᵢ(wᵢ), beside x."""
    inverses = Sum(parts).inverses

    def critical(*w: mpf) -> list[mpf]:
        (u1, rate1), (u2, rate2) = values_and_rates(inverses, list(w))
        return [u1 - u2, rate1 + rate2 - 1]

    near = subordination(laws[0], laws[1], np.array([x + 1e-10j]))
    with mp.workdps(DIGITS + 15):
        start = [mpf(float(w[0].real)) for w in near]
        w1, w2 = mpmath.findroot(critical, start, tol=1e-24)
        return mp.re(w1 + w2 - inverses[0](w1))


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("Jacobi and semicircle", 1),
        ("arcsine and Marchenko-Pastur", 1),
        ("three atoms and two", 3),
        ("two Marchenko-Pastur laws", 1),
    ],
)
def test_edges(name: str, pieces: int) -> None:
    laws, parts = SUMS[name]
    law = free_additive_convolution(laws[0], laws[1])
    assert len(law.support) == pieces
    for interval in law.support:
        for end in (interval.lower, interval.upper):
            exact = edge(laws, parts, end)
            assert abs(end - exact) <= 8 * EPS * max(
                abs(law.hull.lower), law.hull.upper
            )


def test_the_width_of_a_narrow_gap() -> None:
    # A pair of atoms this far apart is just split by free Poisson noise: the gap lies
    # where z(w) = w + R(G(w)) grows between them.
    a, ratio = 0.315, 0.1
    law = free_additive_convolution(
        bulk_discrete([-a, a], [0.5, 0.5]), MarchenkoPastur(ratio)
    )
    left, right = law.support
    with mp.workdps(DIGITS):

        def outside(w: mpf) -> mpf:
            return w + 1 / (1 - mpf(ratio) * w / (w**2 - mpf(a) ** 2))

        def rate(w: mpf) -> mpf:
            return mp.diff(outside, w)

        ends = [
            outside(mpmath.findroot(rate, bracket, solver="anderson"))
            for bracket in ((0, a / 8), (a / 8, a / 4))
        ]
        width = ends[1] - ends[0]
    assert 1e-6 < width < 1e-2
    assert abs((right.lower - left.upper) / float(width) - 1) <= 1e-10


def seen(
    spike: float, bulk: Transform, noise: Transform, partner: mpf
) -> tuple[mpf, mpf]:
    """Location and overlap 1/w₁′ = dz/dθ, from a real w₂ with G(w₂) = G_bulk(θ)."""
    g = bulk(mpf(spike))
    overlap = 1 + slope(bulk, mpf(spike)) * (1 / slope(noise, partner) + 1 / g**2)
    return mp.re(mpf(spike) + partner - 1 / g), mp.re(overlap)


def test_a_spike_over_unseen_pairs() -> None:
    cases = [
        (
            4.0,
            bulk_discrete(*THREE),
            atomic(*THREE),
            Jacobi(0.4, 0.7),
            jacobi(0.4, 0.7),
        ),
        (-2.5, Uniform(-1.0, 0.5), uniform(-1.0, 0.5), KestenMcKay(3), kesten_mckay(3)),
        (
            2.0,
            Arcsine(-1.0, 1.0),
            arcsine(-1.0, 1.0),
            MarchenkoPastur(0.2),
            marchenko_pastur(0.2),
        ),
    ]
    for spike, bulk, bulk_transform, noise, transform in cases:
        (found,) = outliers(spike, noise, bulk)
        with mp.workdps(DIGITS):
            g = bulk_transform(mpf(spike))
            near = found.location - spike + 1 / g
            w = mpmath.findroot(lambda w, f=transform, g=g: f(w) - g, near)
            location, overlap = seen(spike, bulk_transform, transform, mp.re(w))
        assert abs(found.location - location) <= 8 * EPS * (abs(spike) + 2)
        assert abs(found.overlap - overlap) <= 64 * EPS


def test_one_spike_makes_several_outliers_through_gaps_of_the_noise() -> None:
    places, weights = [-3.0, 0.5, 4.0], [0.25, 0.5, 0.25]
    noise, bulk = bulk_discrete(places, weights), Semicircle(0.04)
    for spike in (1.0, 6.0, -0.7):
        with mp.workdps(DIGITS):
            g = semicircle(0.04)(mpf(spike))
            # g ∏ (w − aᵢ) = ∑ wᵢ ∏ (w − aⱼ): a cubic with three real roots.
            a, b, c = map(mpf, places)
            p, q, r = map(mpf, weights)
            cubic = [
                g,
                -g * (a + b + c) - 1,
                g * (a * b + b * c + c * a) + p * (b + c) + q * (a + c) + r * (a + b),
                -g * a * b * c - p * b * c - q * a * c - r * a * b,
            ]
            roots = [mp.re(w) for w in mpmath.polyroots(cubic, maxsteps=200)]
            pairs = [
                seen(spike, semicircle(0.04), atomic(places, weights), w) for w in roots
            ]
        expected = sorted((z, o) for z, o in pairs if o > 0)
        found = outliers(spike, noise, bulk)
        assert len(found) == len(expected) > 1
        assert sum(outlier.overlap for outlier in found) <= 1
        for outlier, (location, overlap) in zip(found, expected, strict=True):
            assert abs(outlier.location - location) <= 64 * EPS * (abs(spike) + 4)
            assert abs(outlier.overlap - overlap) <= 256 * EPS


def test_a_multiplicative_spike_over_an_unseen_pair() -> None:
    bulk, noise = bulk_discrete(*NONZERO), Jacobi(0.4, 0.7)
    (found,) = multiplicative_outliers(5.0, noise, bulk)
    with mp.workdps(DIGITS):

        def of_bulk(w: mpf) -> mpf:
            return w * atomic(*NONZERO)(w) - 1

        def of_noise(w: mpf) -> mpf:
            return w * jacobi(0.4, 0.7)(w) - 1

        def place(spike: mpf) -> mpf:
            t = of_bulk(spike)
            partner = mpmath.findroot(
                lambda w: of_noise(w) - t, found.location / 5 * (1 + t) / t
            )
            return spike * mp.re(partner) * t / (1 + t)

        exact, spike = place(mpf(5)), mpf(5)
        overlap = spike * slope(place, spike) / exact
    assert abs(found.location - exact) <= 16 * EPS * 5
    assert abs(found.overlap - overlap) <= 64 * EPS
