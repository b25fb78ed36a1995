import mpmath as mp
import numpy as np
import pytest

from eigenscape.landscape.critical_energy import critical_energy, index_onset

RATIOS = (1 / 16, 1 / 8, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 0.9, 0.95)
RESIDUALS = ("wigner", "relu")


def cubic(phi, energy, residual):
    """Coefficients in G of the equation at z = 0, as the paper's eqs. (18), (30)."""
    if residual == "wigner":
        return [2 * energy * phi, -2 * energy, phi - 1, mp.mpf(-1)]
    first = -energy * phi**2 * (phi - 2)
    return [first, -phi * energy * (1 - phi), -2 * (1 - phi), mp.mpf(-2)]


def discriminant(phi, energy, residual):
    a, b, c, d = cubic(phi, energy, residual)
    return (
        18 * a * b * c * d
        - 4 * b**3 * d
        + b**2 * c**2
        - 4 * a * c**3
        - 27 * a**2 * d**2
    )


def published(phi, residual):
    """Eqs. (21) and (32) as printed, at 40 digits."""
    with mp.workdps(40):
        phi = mp.mpf(phi)
        if residual == "wigner":
            return (1 - 20 * phi - 8 * phi**2 + (1 + 8 * phi) ** mp.mpf(1.5)) / 16
        chi = 1 + 16 * phi - 8 * phi**2
        top = 27 - 18 * chi - chi**2 + 8 * chi ** mp.mpf(1.5)
        return top / (32 * phi * (1 - phi) ** 3)


def slope_of_index(phi, energy, residual):
    """dα/dε = Im ∫ (∂z/∂ε) dG / π at the root of the cubic, by 50 digits."""
    roots = mp.polyroots(cubic(phi, energy, residual), maxsteps=500, extraprec=400)
    g = min(roots, key=mp.im)
    if residual == "wigner":
        return mp.im(g**2) / mp.pi
    return mp.im(1 / (2 - energy * phi**2 * g**2)) * 2 / (2 * phi * energy) / mp.pi


@pytest.mark.parametrize("residual", RESIDUALS)
@pytest.mark.parametrize("phi", RATIOS)
def test_equals_the_published_formula_at_forty_digits(phi, residual):
    found = critical_energy(phi, residual)
    # The published form loses (1 − φ)⁻⁶ of its digits; ours none.
    assert found == pytest.approx(float(published(phi, residual)), rel=8e-16)


@pytest.mark.parametrize("residual", RESIDUALS)
@pytest.mark.parametrize("phi", [0.1, 0.5, 0.9])
def test_two_roots_meet_there(phi, residual):
    with mp.workdps(40):
        ratio = mp.mpf(phi)
        start = float(published(phi, residual))
        bracket = (start * 0.999, start * 1.001)
        exact = mp.findroot(
            lambda e: discriminant(ratio, e, residual), bracket, solver="anderson"
        )
        assert critical_energy(phi, residual) == pytest.approx(float(exact), rel=1e-15)


def test_numbers_computed_elsewhere():
    wigner = [0.097241706693, 0.075214195297, 0.043509526419, 0.029098535499]
    wigner += [0.011271242969, 0.003103154654, 0.001266198591]
    relu = [5.9381000742, 2.2326380979, 0.6274169980, 5 / 16]
    relu += [0.0810367098, 0.0171025281, 0.0063051326]
    for phi, first, second in zip(RATIOS, wigner, relu, strict=False):
        assert critical_energy(phi) == pytest.approx(first, abs=6e-13)
        assert critical_energy(phi, "relu") == pytest.approx(second, abs=6e-11)


def test_limits_of_the_ratio():
    # Eqs. (22) and (33); the next term is of order 1 − φ.
    gap = 1e-6
    assert critical_energy(1 - gap) / gap**3 == pytest.approx(2 / 27, rel=1e-5)
    assert critical_energy(1 - gap, "relu") / gap**3 == pytest.approx(8 / 27, rel=1e-5)
    half = critical_energy(1 - gap, "relu", 0.5)
    assert half == pytest.approx(critical_energy(1 - gap), rel=1e-5)
    assert critical_energy(1e-9) == pytest.approx(1 / 8, rel=1e-7)
    assert critical_energy(1e-9, "relu") == pytest.approx(5e8, rel=1e-7)
    assert critical_energy(1.0) == critical_energy(3.0, "relu") == 0


@pytest.mark.parametrize(
    ("residual", "amplitudes"),
    [
        (
            "wigner",
            {
                1 / 16: 0.15300887,
                1 / 8: 0.11721154,
                1 / 4: 0.07483274,
                1 / 3: 0.05709029,
                1 / 2: 0.03350067,
                2 / 3: 0.01838750,
                3 / 4: 0.01267668,
                0.9: 0.00442839,
            },
        ),
        ("relu", {1 / 8: 0.104011, 1 / 4: 0.066600, 1 / 2: 0.031104, 3 / 4: 0.012269}),
    ],
)
def test_amplitudes_computed_elsewhere(residual, amplitudes):
    for phi, expected in amplitudes.items():
        digits = 6e-9 if residual == "wigner" else 6e-7
        assert index_onset(phi, residual).amplitude == pytest.approx(
            expected, abs=digits
        )


@pytest.mark.parametrize("residual", RESIDUALS)
@pytest.mark.parametrize("phi", [1 / 16, 1 / 3, 0.9])
def test_both_coefficients_against_fifty_digits(phi, residual):
    onset = index_onset(phi, residual)
    with mp.workdps(50):
        ratio = mp.mpf(phi)
        critical = published(phi, residual)

        def scaled(x):
            # dα/dx = α₀ x^½ (3/2 + (5/2) α₁ x + …)
            slope = slope_of_index(ratio, critical * (1 + x), residual) * critical
            return slope / mp.sqrt(x)

        one, two = scaled(mp.mpf(10) ** -8), scaled(mp.mpf(10) ** -8 * 2)
        amplitude = (2 * one - two) * 2 / 3
        correction = (two - one) * mp.mpf(10) ** 8 * 2 / 5 / amplitude
    # Richardson's steps leave x² ≈ 1e-16 and x ≈ 1e-8, times coefficients of order 1.
    assert onset.amplitude == pytest.approx(float(amplitude), rel=1e-14)
    assert onset.correction == pytest.approx(float(correction), rel=1e-6)


def test_the_onset_is_zero_below():
    onset = index_onset(0.5)
    assert onset.index(-0.1) == 0
    assert onset.index(0.01) == pytest.approx(onset.amplitude * 1e-3, rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0,), "ratio: expected a positive"),
        ((-1.0,), "ratio: expected a positive"),
        ((0.5, "gauss"), "residual: expected one of wigner, relu"),
        ((0.5, "relu", 0.0), "scale: expected a positive"),
        ((np.nan,), "ratio"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        critical_energy(*arguments)


def test_no_onset_from_ratio_one_on():
    with pytest.raises(ValueError, match="below 1, got 1.5"):
        index_onset(1.5)
