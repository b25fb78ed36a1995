"""All critical points on small spheres by Newton's method from many starts.

Neither the algebra of `all_critical_points` nor its derivatives: symmetrised tensors,
many instances at once. While the alternating sum over the points of an instance is not
the characteristic of the sphere some are missing, and more starts are taken.
"""

from itertools import permutations
from math import sqrt

import numpy as np
import pytest

from eigenscape.landscape.activation_glass import ActivationGlass
from eigenscape.landscape.exact_counts import exact_count
from eigenscape.landscape.kac_rice import critical_point_count
from eigenscape.landscape.search.sampled_glass import SampledGlass
from eigenscape.landscape.search.sphere_points import all_critical_points
from eigenscape.landscape.signal import SignalledGlass
from eigenscape.landscape.spin_glass import SpinGlass

INSTANCES, STARTS, STEPS, LONGEST = 90, 150, 25, 0.1
ZERO = np.polynomial.Polynomial([0.0])


def symmetric(tensors):
    axes = list(permutations(range(1, tensors.ndim)))
    return sum(tensors.transpose(0, *order) for order in axes) / len(axes)


def derivatives(couplings, signal, w):
    """Value, gradient and Hessian in ℝᴺ at points of each instance."""
    m = w[..., 0]
    value, gradient = signal(m), np.zeros(w.shape)
    hessian = np.zeros((*w.shape, w.shape[-1]))
    gradient[..., 0], hessian[..., 0, 0] = signal.deriv()(m), signal.deriv(2)(m)
    for tensors in couplings:
        p, parts = tensors.ndim - 1, [tensors[:, None]]
        while parts[-1].ndim > 2:
            parts.append(np.einsum("is...a,isa->is...", parts[-1], w))
        value = value + parts[-1]
        gradient += p * parts[-2]
        if p > 1:
            hessian += p * (p - 1) * parts[-3]
    return value, gradient, hessian


def on_sphere(gradient, hessian, w):
    radial = (gradient * w).sum(-1)
    along = w[..., :, None] * w[..., None, :]
    one = np.eye(w.shape[-1])
    flat = one - along
    bend = flat @ (hessian - radial[..., None, None] * one) @ flat
    return gradient - radial[..., None] * w, bend, along


def newton(couplings, signal, w):
    for _ in range(STEPS):
        slope, bend, along = on_sphere(*derivatives(couplings, signal, w)[1:], w)
        step = -np.linalg.solve(bend + along, slope[..., None])[..., 0]
        length = np.linalg.norm(step, axis=-1, keepdims=True)
        w = w + step * np.minimum(1, LONGEST / np.maximum(length, LONGEST))
        w /= np.linalg.norm(w, axis=-1, keepdims=True)
    values, *rest = derivatives(couplings, signal, w)
    slope, bend, along = on_sphere(*rest, w)
    negative = (np.linalg.eigvalsh(bend + 1e9 * along) < 0).sum(-1)
    return w, values, negative, np.linalg.norm(slope, axis=-1) < 1e-9


def every_point(couplings, signal, starts=STARTS):
    """Energies and indices of all points, instance by instance."""
    instances, n = couplings[0].shape[:2]
    rng, found = np.random.default_rng(0), [[] for _ in range(instances)]
    left = np.arange(instances)
    while left.size:
        w = rng.standard_normal((left.size, starts, n))
        w /= np.linalg.norm(w, axis=-1, keepdims=True)
        ends = newton([j[left] for j in couplings], signal, w)
        for place, *rows in zip(left, *ends, strict=True):
            kept = found[place]
            for point, value, index, sound in zip(*rows, strict=True):
                if sound and all(np.abs(point - k[0]).max() > 1e-6 for k in kept):
                    kept.append((point, value, index))
        sums = np.array([sum((-1) ** k[2] for k in found[i]) for i in left])
        left = left[sums != 1 - (-1) ** n]
    return [
        (np.array([k[1] for k in f]) / sqrt(n), np.array([k[2] for k in f]))
        for f in found
    ]


def draw(glass, rng, instances=INSTANCES, dimension=3):
    shapes = [(instances, *(dimension,) * p) for p in glass.degrees]
    drawn = [rng.standard_normal(shape) for shape in shapes]
    return [sqrt(a) * j for a, j in zip(glass.weights, drawn, strict=True)]


def require_mean(sample, exact, own_error=0.0):
    error = np.hypot(np.std(sample) / sqrt(len(sample)), own_error)
    assert abs(np.mean(sample) - exact) < 4 * error


@pytest.mark.parametrize(
    "glass", [SpinGlass.pure(4), SpinGlass((1, 3, 4), (0.4, 1.0, 0.5))]
)
def test_exact_counts_of_levels_and_indices(glass):
    couplings = draw(glass, np.random.default_rng(5))
    found = every_point([symmetric(j) for j in couplings], ZERO)
    total = exact_count(glass, 3)
    require_mean([e.size for e, _ in found], total)
    require_mean([(e < -0.8).sum() for e, _ in found], exact_count(glass, 3, -0.8))
    # Minima and maxima are as many in the mean, and two more than saddles.
    require_mean([(k == 0).sum() for _, k in found], (total + 2) / 4)
    require_mean([(k == 1).sum() for _, k in found], (total - 2) / 2)


def test_the_points_are_those_of_the_algebra():
    glass = SpinGlass.pure(3)
    couplings = draw(glass, np.random.default_rng(6), 12)[0]
    law = SignalledGlass(glass, (0.0,))
    every = every_point([symmetric(couplings)], ZERO)
    for tensor, (energies, indices) in zip(couplings, every, strict=True):
        algebra = all_critical_points(SampledGlass(law, (tensor,), np.eye(3)[0]))
        assert np.sort(energies) == pytest.approx(np.sort(algebra.energies), abs=1e-8)
        assert np.bincount(indices).tolist() == np.bincount(algebra.indices).tolist()


def test_the_glass_of_an_activation():
    """Φ(s) = 0.6 s² + 0.9 s: its spike, shift and mean gradient, counted."""
    model = ActivationGlass(3, (0.6, 0.9, 0.0)).at(3)
    rng = np.random.default_rng(7)
    couplings = [symmetric(j) for j in draw(model.glass, rng)]
    found = every_point(couplings, sqrt(3) * model.polynomial)
    for index in (None, 0, 1):
        law = critical_point_count(
            model, dimension=3, samples=300, rng=rng, index=index
        )
        kept = [e.size if index is None else (k == index).sum() for e, k in found]
        require_mean(kept, law.value, law.standard_error)


def test_the_slope_in_dimension_of_searched_counts():
    """Instances at N = 5 beside those at N = 3: log E# grows as the exact count."""
    glass, rng, logs, errors = SpinGlass.pure(3), np.random.default_rng(8), [], []
    for n, instances, starts in ((3, 60, 150), (5, 20, 500)):
        couplings = draw(glass, rng, instances, n)[0]
        counts = [e.size for e, _ in every_point([symmetric(couplings)], ZERO, starts)]
        logs.append(np.log(np.mean(counts)))
        errors.append(np.std(counts) / np.mean(counts) / sqrt(instances))
    exact = np.log(exact_count(glass, 5) / exact_count(glass, 3))
    assert np.hypot(*errors) < 0.12
    assert abs(logs[1] - logs[0] - exact) < 4 * np.hypot(*errors)
