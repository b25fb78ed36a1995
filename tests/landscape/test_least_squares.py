import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigenscape.core import load, save
from eigenscape.landscape.critical_energy import critical_energy
from eigenscape.landscape.least_squares import LeastSquaresHessian
from eigenscape.theory import cdf, free_additive_convolution, free_cumulants, moments

QUARTER = [
    # ε, lower edge, upper edge, α, ρ(0)
    (0.1, -0.22572943, 2.50182362, 0.0539804808, 0.34602326),
    (0.5, -1.19389536, 3.29626055, 0.2253487116, 0.26132360),
    (1.0, -1.97585570, 4.03248411, 0.2926118664, 0.20188317),
]
HALF = [
    (0.1, -0.38769475, 3.07661081, 0.1135620321, 0.40555631),
    (0.5, -1.32145390, 3.66572623, 0.2489478383, 0.25536556),
    (1.0, -2.08325921, 4.29257282, 0.3047114067, 0.19676035),
]
THREE_QUARTERS = [
    (0.1, -0.48867287, 3.60454537, 0.1590650820, 0.43429012),
    (0.5, -1.41388522, 4.06980399, 0.2687460934, 0.25286589),
    (1.0, -2.16613618, 4.59984395, 0.3159047092, 0.19367430),
]
TABLE = [
    (phi, *row)
    for phi, rows in ((0.25, QUARTER), (0.5, HALF), (0.75, THREE_QUARTERS))
    for row in rows
]


def upper_density(x, phi, energy, residual):
    """The density by the paper's eqs. (18) and (30), in u = 1/G, at 30 digits."""
    phi, energy, x = mp.mpf(phi), mp.mpf(energy), mp.mpf(x)
    if residual == "wigner":
        terms = [1, -(x + phi - 1), 2 * energy + x * phi, -2 * energy * phi]
    else:
        terms = [
            2,
            -2 * (x - (1 - phi)),
            phi * (2 * x + energy * (1 - phi)),
            energy * phi**2 * (x + phi - 2),
            -x * energy * phi**3,
        ]
    u = max(mp.polyroots(terms, maxsteps=200, extraprec=100), key=mp.im)
    return -mp.im(1 / u) / mp.pi


@pytest.mark.parametrize("row", TABLE)
def test_numbers_of_the_first_model_computed_elsewhere(row):
    phi, energy, lower, upper, index, at_zero = row
    law = LeastSquaresHessian(phi, energy)
    (interval,) = law.support
    # To the digits printed.
    assert (interval.lower, interval.upper) == pytest.approx((lower, upper), abs=6e-9)
    assert law.index == pytest.approx(index, abs=6e-11)
    assert law.density(np.zeros(1))[0] == pytest.approx(at_zero, abs=6e-9)


@pytest.mark.parametrize(
    ("arguments", "index"),
    [
        ((0.25, 0.05), 0.0038541135),
        ((0.25, 0.2), 0.1254830493),
        ((2.0, 0.5), 0.3381012444),
        ((0.25, 0.5, "relu"), 0.0),
        ((0.25, 2.0, "relu"), 0.0763679859),
        ((0.5, 0.5, "relu"), 0.0775404573),
        ((0.5, 2.0, "relu"), 0.1754796561),
        ((0.25, 2.0, "relu", 0.5), 0.2127852576),
        ((0.125, 1.01 * critical_energy(0.125)), 1.161675e-4),
        ((0.25, 1.01 * critical_energy(0.25)), 7.424224e-5),
        ((0.5, 1.01 * critical_energy(0.5)), 3.326419e-5),
    ],
)
def test_indices_computed_elsewhere(arguments, index):
    assert LeastSquaresHessian(*arguments).index == pytest.approx(index, abs=6e-11)


@pytest.mark.parametrize(
    ("phi", "residual"), [(0.25, "wigner"), (0.25, "relu"), (0.75, "relu")]
)
def test_index_and_density_at_thirty_digits(phi, residual):
    energy = 3 * critical_energy(phi, residual)
    law = LeastSquaresHessian(phi, energy, residual)
    lower, upper = law.hull.lower, law.hull.upper
    x = np.linspace(lower, upper, 13)[1:-1]
    nodes, weights = np.polynomial.legendre.leggauss(24)
    t = (nodes + 1) / 2
    with mp.workdps(30):
        direct = [float(upper_density(point, phi, energy, residual)) for point in x]
        # The density is a root times an analytic function: smooth in t, x = a(1 − t²).
        terms = [
            w * s * upper_density(lower * (1 - s * s), phi, energy, residual)
            for w, s in zip(weights.tolist(), t.tolist(), strict=True)
        ]
        mass = float(-lower * sum(terms))
    assert law.density(x) == pytest.approx(direct, rel=1e-12)
    # Known to 16 digits, the edge leaves its part of the mass an error of 1e-16.
    assert law.index == pytest.approx(mass, rel=1e-11)
    assert cdf(law, np.zeros(1))[0] == pytest.approx(law.index, rel=1e-10)


@pytest.mark.parametrize("residual", ["wigner", "relu"])
@pytest.mark.parametrize("phi", [1 / 8, 1 / 4, 1 / 2, 3 / 4])
def test_the_exponent_is_three_halves(phi, residual):
    excess = np.geomspace(1e-4, 3e-3, 12)
    critical = critical_energy(phi, residual)
    found = [LeastSquaresHessian(phi, critical * (1 + x), residual) for x in excess]
    exponent, constant = np.polyfit(np.log(excess), np.log([f.index for f in found]), 1)
    assert 1.49 < exponent < 1.51
    assert found[0].index_amplitude == pytest.approx(np.exp(constant), rel=0.01)


@settings(max_examples=20)
@given(
    st.floats(0.05, 0.98),
    st.floats(1e-9, 0.1),
    st.sampled_from(["wigner", "relu"]),
    st.floats(0.1, 10.0),
)
def test_the_onset_meets_the_closed_form(phi, excess, residual, scale):
    critical = critical_energy(phi, residual, scale)
    law = LeastSquaresHessian(phi, critical * (1 + excess), residual, scale)
    assert LeastSquaresHessian(phi, critical, residual, scale).index == 0
    # The next term is of order x², the closed form errs by 1e-15, ε − ε_c by 1e-16 ε_c.
    series = law.onset.index(excess)
    noise = 1e-14 + 1e-15 / excess * series
    assert abs(law.index - series) <= 2 * excess**2 * series + noise


@settings(max_examples=12)
@given(st.floats(0.05, 4.0), st.floats(0.01, 5.0), st.sampled_from(["wigner", "relu"]))
def test_cumulants_add_and_the_scale_scales(phi, energy, residual):
    law = LeastSquaresHessian(phi, energy, residual)
    radius = max(-law.hull.lower, law.hull.upper)
    if residual == "wigner":
        cumulants = [1, phi + 2 * energy, phi**2, phi**3]
    else:
        extra = energy**2 * phi**3 / 4
        cumulants = [1, phi + energy * phi / 2, phi**2, phi**3 + extra]
    found = free_cumulants(law, 4)
    assert np.all(np.abs(found - cumulants) < 1e-11 * radius ** np.arange(1, 5))
    scaled = LeastSquaresHessian(phi, 9 * energy, residual, 3.0)
    assert scaled.index == pytest.approx(law.index, abs=1e-14)
    assert scaled.hull.upper == pytest.approx(3 * law.hull.upper, rel=1e-12)


@pytest.mark.parametrize(
    ("phi", "energy", "residual"),
    [(0.3, 0.2, "wigner"), (3.0, 0.05, "wigner"), (0.3, 2.0, "relu")],
)
def test_is_the_free_sum_of_its_parts(phi, energy, residual):
    law = LeastSquaresHessian(phi, energy, residual)
    total = free_additive_convolution(law.gauss_newton, law.residuals)
    z = np.array([0.3 + 0.5j, -1.0 + 0.1j, 2.0 + 1e-3j])
    assert law.stieltjes(z) == pytest.approx(total.stieltjes(z), rel=1e-10)
    if residual == "relu":
        return  # the edges of this sum take seconds
    ends = [end for i in law.support for end in (i.lower, i.upper)]
    others = [end for i in total.support for end in (i.lower, i.upper)]
    assert ends == pytest.approx(others, abs=1e-10 * law.hull.width)
    x = np.linspace(law.hull.lower, law.hull.upper, 12)[1:-1]
    assert law.density(x) == pytest.approx(total.density(x), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("phi", [1 / 16, 1 / 8, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4])
def test_the_residual_law_of_relu_units(phi):
    law = LeastSquaresHessian(phi, 1.0, "relu").residuals
    u = (-(1 + 2 * phi) + np.sqrt(1 + 8 * phi)) / (2 * (1 - phi))
    edge = np.sqrt(phi**2 / (2 * u)) * (1 + u / (phi * (1 - u)))
    assert law.hull.upper == pytest.approx(edge, rel=1e-12)
    expected = [0, phi / 2, 0, phi**2 / 2 + phi**3 / 4]
    assert moments(law, 4) == pytest.approx(expected, rel=1e-12, abs=1e-14)


def test_edges_of_the_residual_law_computed_elsewhere():
    edges = {1 / 16: 0.36386530, 1 / 4: 0.77846614, 3 / 4: 1.52110690}
    for phi, edge in edges.items():
        law = LeastSquaresHessian(phi, 50.0, "relu").residuals
        assert law.hull.upper == pytest.approx(edge * np.sqrt(50), rel=2e-8)


@pytest.mark.parametrize(
    ("arguments", "index"),
    [
        ((2.0, 1e-10), 0.25),
        ((4.0, 1e-10), 0.375),
        ((0.5, 1e12), 0.5),
        ((1.5, 1e-10, "relu"), 1 / 6),
        ((1.5, 49.0, "relu"), 0.3333268),
        ((1.5, 50.0, "relu"), 1 / 3),
        ((2.0, 1.0, "relu"), 1 / 4),
        ((3.0, 1e-3, "relu"), 1 / 6),
    ],
)
def test_limits_of_the_index(arguments, index):
    # Above ratio 1 the kernel of H₀, a share 1 − 1/φ, gets eigenvalues of both signs;
    # the next term is of the order of √ε.
    assert LeastSquaresHessian(*arguments).index == pytest.approx(index, abs=2e-5)


def wigner_sample(phi, energy, size, rng):
    columns = round(size / phi)
    data = rng.standard_normal((size, columns))
    noise = rng.standard_normal((size, size))
    noise = (noise + noise.T) * np.sqrt(energy / size)
    return data @ data.T / columns + noise


def relu_sample(phi, energy, size, rng):
    columns = round(size / phi)
    data = rng.standard_normal((size, columns))
    half = size // 2
    examples = round(2 * half / phi)
    errors = np.sqrt(2 * energy) * rng.standard_normal((half, examples // 2))
    inputs = rng.standard_normal((half, examples // 2))
    block = errors @ inputs.T / examples
    zeros = np.zeros((half, half))
    return data @ data.T / columns + np.block([[zeros, block], [block.T, zeros]])


@pytest.mark.parametrize(
    ("sampled", "residual", "phi", "energy", "size"),
    [
        (wigner_sample, "wigner", 0.75, 0.1, 2000),
        (relu_sample, "relu", 0.75, 0.5, 2000),
        (relu_sample, "relu", 1.5, 2.0, 600),
        (relu_sample, "relu", 1.5, 60.0, 600),
        (relu_sample, "relu", 3.0, 1.0, 600),
        (wigner_sample, "wigner", 2.0, 0.5, 600),
    ],
)
def test_sampled_matrices(sampled, residual, phi, energy, size, rng):
    law = LeastSquaresHessian(phi, energy, residual)
    spectrum = np.linalg.eigvalsh(sampled(phi, energy, size, rng))
    # Linear statistics fluctuate by a level or so; the edge by N^(−2/3).
    rounding = 1e-9
    share = np.mean(spectrum < -rounding)
    assert share == pytest.approx(law.index, abs=3 / size)
    idle = sum(atom.weight for atom in law.atoms)
    assert np.mean(np.abs(spectrum) < rounding) == pytest.approx(idle, abs=1 / size)
    ends = law.hull.lower, law.hull.upper
    slack = 5 * size ** (-2 / 3) * law.hull.width
    assert spectrum[[0, -1]] == pytest.approx(ends, abs=slack)


def test_two_intervals_above_ratio_one():
    # The gap closes at 2ε = φ(φ^⅓ − 1)³.
    closing = 8 * (2 - 1) ** 3 / 2
    assert len(LeastSquaresHessian(8.0, 0.999 * closing).support) == 2
    assert len(LeastSquaresHessian(8.0, 1.001 * closing).support) == 1
    wide = LeastSquaresHessian(4.0, 0.01)
    assert cdf(wide, np.array([wide.support[0].upper])) == pytest.approx(0.75)


def test_without_energy_there_is_only_gauss_newton():
    law = LeastSquaresHessian(0.25, 0.0)
    assert (law.hull.lower, law.hull.upper) == (0.25, 2.25)
    assert law.index == 0
    singular = LeastSquaresHessian(2.0, 0.0, "relu")
    assert singular.atoms[0].weight == 0.5
    assert singular.index == 0


def test_at_the_critical_energy_the_edge_is_at_zero():
    law = LeastSquaresHessian(0.25, critical_energy(0.25))
    assert law.hull.lower == pytest.approx(0, abs=1e-15)
    assert law.hull.upper == pytest.approx(2.363112186807, abs=6e-13)
    assert law.critical_energy == law.energy


def test_saved_and_loaded(tmp_path):
    law = LeastSquaresHessian(0.25, 0.1, "relu", 2.0)
    save(law, tmp_path / "law")
    assert load(LeastSquaresHessian, tmp_path / "law") == law


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.5, -0.1), "energy: expected a finite number of at least 0, got -0.1"),
        ((0.5, np.nan), "energy"),
        ((0.0, 0.1), "ratio: expected a positive"),
        ((-0.5, 0.1), "ratio: expected a positive"),
        ((0.5, 0.1, "tanh"), "residual: expected one of"),
        ((0.5, 0.1, "relu", -1.0), "scale"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LeastSquaresHessian(*arguments)
