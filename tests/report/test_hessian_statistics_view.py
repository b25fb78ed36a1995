"""Figures of Hessian statistics and of a Gaussian loss."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from eigenscape.core import Estimate, stream
from eigenscape.landscape.field_hessian import FieldHessian
from eigenscape.landscape.field_landscape import (
    FieldLandscape,
    FieldSpectra,
    sample_gradients,
)
from eigenscape.landscape.stationary_field import StationaryKernel
from eigenscape.landscape.training_hardness import BEST_LOSSES, EPOCHS, fit_hardness
from eigenscape.report.figures.field_landscape import field_density
from eigenscape.report.figures.hessian_statistics import (
    eigenvalue_sizes,
    mean_ratios,
    ratio_densities,
)
from eigenscape.report.figures.panel import Line, Points, Rule
from eigenscape.report.hessian_statistics_view import (
    arrange_field_landscape,
    arrange_hessian_statistics,
)
from eigenscape.report.pens.matplotlib_pen import draw_matplotlib
from eigenscape.spectra.exact_spectrum import ExactSpectrum
from eigenscape.spectra.network_spectra import (
    BatchSpectra,
    HessianStatistics,
    compare_ratios,
)


def statistics(*, single=True):
    rng = stream(0, "hessian figures")
    exact, rough = [], []
    for _ in range(12):
        matrix = rng.standard_normal((40, 40))
        levels = np.linalg.eigvalsh(matrix + matrix.T)
        exact.append(ExactSpectrum(levels, 50, 10, 1e-14, "planted"))
        noise = 1e-8 * rng.standard_normal(10)
        rough.append(np.sort(np.concatenate([levels, noise])))
    batches = BatchSpectra("end", "test", 64, tuple(exact), tuple(rough * single))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few levels to unfold
        compared = compare_ratios(batches, rng=rng)
    return HessianStatistics("MLP", "digits", "hessian", 50, (1.0,), (compared,))


def landscape():
    rng = stream(0, "field figures")
    model = FieldHessian(30, 0.0, 0.1, None, "published", 5, 2, 5.0)
    grid = np.linspace(-5, 5, 50)
    spectra = FieldSpectra(
        "planted",
        model,
        model.sample_eigenvalues(4, rng=rng),
        grid,
        model.density(grid),
        0.53,
        0.02,
        Estimate(0.53, 0.01, 4),
    )
    kernel = StationaryKernel(np.ones(1), np.ones(1))
    gradients = sample_gradients(kernel, grid[25:], 3, 5, waves=5, rng=rng)
    fits = tuple(
        fit_hardness("loss", EPOCHS, BEST_LOSSES, form=form)
        for form in ("exponential", "power")
    )
    return FieldLandscape((spectra,), gradients, fits)


def test_the_share_below_a_size_rises_to_one_and_shows_the_zeros():
    panel = eigenvalue_sizes(statistics().sets[0])
    lines = {s.name: s for s in panel.series if isinstance(s, Line)}
    exact = lines["float64, exact"]
    assert (np.diff(exact.y) >= 0).all()
    assert exact.y[-1] == 1
    assert np.interp(-10, np.log10(exact.x), exact.y) == pytest.approx(0.2, abs=0.01)
    rules = [s.at for s in panel.series if isinstance(s, Rule)]
    assert rules == pytest.approx([1.19e-6, 2.22e-15], rel=0.01)


def test_every_estimate_is_drawn_with_its_error():
    found = statistics()
    points = [s for s in mean_ratios(found).series if isinstance(s, Points)]
    assert len(points) == 5
    resolved = found.sets[0].resolved
    assert points[-2].y.tolist() == [resolved.value]
    assert points[-2].errors.tolist() == [resolved.standard_error]


def test_the_histogram_has_mass_one():
    line = ratio_densities(statistics().sets[0]).series[0]
    assert np.trapezoid(line.y, line.x) == pytest.approx(1)


def test_without_float32_only_float64_is_shown():
    found = statistics(single=False)
    names = [s.name for s in eigenvalue_sizes(found.sets[0]).series]
    assert "float32, as published" not in names
    assert "float32" not in arrange_hessian_statistics(found)[1].caption


def test_outliers_are_seen_on_a_logarithmic_axis():
    spectra = landscape().spectra[0]
    panel = field_density(spectra)
    assert panel.y_log
    assert panel.series[0].y.min() > 0
    assert panel.series[0].x[-1] == spectra.eigenvalues.max()


@pytest.mark.parametrize(
    ("figures", "count"),
    [
        (lambda: arrange_hessian_statistics(statistics()), 3),
        (lambda: arrange_field_landscape(landscape()), 4),
    ],
)
def test_all_figures_can_be_drawn(figures, count):
    arranged = figures()
    assert len({figure.name for figure in arranged}) == len(arranged) == count
    for figure in arranged:
        assert figure.caption
        draw_matplotlib(figure.panel).canvas.draw()
