"""Every route to an exact spectrum, against the plain one."""

from __future__ import annotations

import itertools
from itertools import starmap

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from eigenscape.curvature import Dense, EmpiricalRisk, GaussNewton, Hessian
from eigenscape.curvature.exact_spectrum import exact_spectrum

UNIT = float(np.finfo(float).eps)


def network(widths, seed=0):
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        layers = []
        for first, second in itertools.pairwise(widths):
            layers += [nn.Linear(first, second), nn.ReLU()]
        return nn.Sequential(*layers[:-1])


def risk_of(widths, examples, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(examples, widths[0], generator=generator, dtype=dtype)
    targets = torch.randint(0, widths[-1], (examples,), generator=generator)
    model = network(widths, seed).to(dtype)
    return EmpiricalRisk(model, functional.cross_entropy, (inputs, targets))


CASES = [
    ((20, 4, 3), 8, Hessian, "span of the inputs, 8 of 21; 47 columns"),
    ((20, 4, 3), 8, GaussNewton, "span of the inputs, 8 of 21; singular values of 24"),
    ((20, 3), 5, Hessian, "span of the inputs, 5 of 21; singular values of 15 rows"),
    ((20, 3), 300, Hessian, "42 contrasts of classes"),
    ((6, 9, 4), 11, GaussNewton, "singular values of 44 rows"),
    ((6, 4, 3), 40, GaussNewton, "43 columns"),
]


@pytest.mark.parametrize(("widths", "examples", "kind", "route"), CASES)
def test_equals_the_plain_route(widths, examples, kind, route) -> None:
    operator = kind(risk_of(widths, examples), check=False)
    plain = exact_spectrum(operator, structure=False)
    found = exact_spectrum(operator)
    assert found.route.startswith(route)
    assert plain.route.endswith("blocks")
    assert found.dimension == plain.dimension == operator.size
    assert found.zero_rows == plain.zero_rows
    # both lie off by the resolution of the plain route at most
    assert np.abs(found.full() - plain.full()).max() <= 2 * plain.resolution


@settings(max_examples=4)
@given(
    inputs=st.integers(2, 12),
    width=st.integers(1, 5),
    examples=st.integers(1, 14),
    seed=st.integers(0, 99),
    kind=st.sampled_from([Hessian, GaussNewton]),
)
def test_structure_never_changes_the_spectrum(
    inputs, width, examples, seed, kind
) -> None:
    operator = kind(risk_of((inputs, width, 3), examples, seed), check=False)
    plain = exact_spectrum(operator, structure=False)
    found = exact_spectrum(operator)
    assert np.abs(found.full() - plain.full()).max() <= 2 * plain.resolution


def test_zeros_by_structure_lie_below_the_resolution_and_nothing_else_near() -> None:
    operator = Hessian(risk_of((20, 4, 3), 8), check=False)
    plain = exact_spectrum(operator, structure=False)
    reduced = exact_spectrum(operator)
    small = np.sort(np.abs(plain.eigenvalues))[
        : reduced.known_zeros - plain.known_zeros
    ]
    assert small.max() <= plain.resolution
    assert plain.resolution == pytest.approx(10 * UNIT * plain.norm)


def test_singular_values_resolve_what_the_matrix_cannot() -> None:
    """Certain predictions curve by p(1 − p), far below ε times the largest."""
    risk = risk_of((4, 3), 3)
    with torch.no_grad():
        risk.model[0].weight.mul_(40)
    operator = Hessian(risk, check=False)
    found, plain = exact_spectrum(operator), exact_spectrum(operator, structure=False)
    exact = _in_fifty_digits(risk)
    assert len(plain.resolved) < len(found.resolved) <= 6
    # singular values err by some ε of the largest, probabilities by the ε of a logit
    kept = exact[-len(found.resolved) :]
    gap = np.abs(np.sqrt(found.resolved) - np.sqrt(kept)).max()
    logits = risk.model(next(risk.batches())[0]).detach().abs().max().item()
    assert gap <= (10 + logits) * UNIT * exact[-1] ** 0.5
    assert found.resolution < 1e-12 * plain.resolution


def _in_fifty_digits(risk: EmpiricalRisk) -> np.ndarray:
    inputs, _, _ = next(risk.batches())
    x = [[*map(mpmath.mpf, row), mpmath.mpf(1)] for row in inputs.tolist()]
    weight, bias = (p.tolist() for p in risk.params)
    with mpmath.workdps(50):
        matrix = mpmath.zeros(15)
        for row in x:
            logits = [
                mpmath.fdot(row, [*map(mpmath.mpf, w), mpmath.mpf(b)])
                for w, b in zip(weight, bias, strict=True)
            ]
            powers = [mpmath.exp(value) for value in logits]
            p = [value / mpmath.fsum(powers) for value in powers]
            for a, b in np.ndindex(15, 15):
                (k, i), (m, j) = divmod(a, 5), divmod(b, 5)
                matrix[a, b] += (p[k] * (k == m) - p[k] * p[m]) * row[i] * row[j] / 3
        values = mpmath.eigsy(matrix, eigvals_only=True)
        return np.sort([max(float(value), 0.0) for value in values])


def test_float32_models_are_computed_in_float64() -> None:
    double = exact_spectrum(Hessian(risk_of((5, 3, 2), 9)))
    risk = risk_of((5, 3, 2), 9, dtype=torch.float32)
    before = [p.clone() for p in risk.params]
    single = exact_spectrum(Hessian(risk))
    assert single.resolution == pytest.approx(10 * UNIT * single.norm)
    assert all(starmap(torch.equal, zip(before, risk.params, strict=True)))
    assert single.eigenvalues.dtype == double.eigenvalues.dtype == np.float64


def test_rows_that_vanish_are_counted() -> None:
    risk = risk_of((6, 4, 3), 20)
    with torch.no_grad():
        risk.model[0].bias[1] = -100  # a unit that never fires
    found = exact_spectrum(Hessian(risk))
    assert found.zero_rows == 7 + 3
    assert found.known_zeros >= found.zero_rows


def test_any_operator_has_a_spectrum() -> None:
    blocks = torch.block_diag(torch.ones(2, 2), torch.zeros(1, 1), torch.eye(2))
    found = exact_spectrum(Dense(blocks.double()))
    assert np.allclose(found.full(), [0, 0, 1, 1, 2], atol=1e-15)
    assert found.route == "4 columns, 3 blocks"
    assert found.zero_rows == 1


def test_too_large_a_matrix_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at most 10 rows"):
        exact_spectrum(Hessian(risk_of((6, 4, 3), 40)), max_entries=100)
