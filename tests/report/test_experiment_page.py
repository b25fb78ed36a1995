import dataclasses
import json

import numpy as np
import pytest

from eigenscape.cli.main import main
from eigenscape.core import StorageError, Table, save
from eigenscape.landscape.confined_field import sample_confined_field
from eigenscape.landscape.prevalence import PrevalenceOfMinima, sample_switch
from eigenscape.landscape.regions import measured_region
from eigenscape.report.experiment_page import render_experiment
from eigenscape.report.figures.free_addition import free_sum, quantiles
from eigenscape.report.figures.panel import Line, Points
from eigenscape.report.figures.preconditioning import learning_rates, step_parts
from eigenscape.report.figures.prevalence_of_minima import rough_regions
from eigenscape.spectra.free_addition import (
    FreeAddition,
    SumOfEnsembles,
    compare_free_sum,
    compare_quantiles,
)
from eigenscape.spectra.preconditioning import Preconditioning, compare_steps
from eigenscape.theory import Semicircle
from eigenscape.theory.eigenvector_universality import haar_overlaps
from eigenscape.theory.ensembles import GOE, Wishart

SIZE = 16


def free_addition():
    rng = np.random.default_rng(0)
    null = haar_overlaps(SIZE, 4, 4, draws=9, rng=rng)
    pair = SumOfEnsembles("Wishart + GOE", Wishart(0.5), GOE())
    found = compare_free_sum(pair, SIZE, 3, null=null, rng=rng)
    return FreeAddition(SIZE, 3, (found,), (compare_quantiles(found, found),))


def preconditioning():
    rng = np.random.default_rng(0)
    curvature = np.diag(np.append(np.zeros(SIZE - 1), 5.0))
    draws = np.array([curvature + GOE(0.25).sample(SIZE, rng=rng) for _ in range(3)])
    steps = compare_steps(
        "planted",
        curvature,
        draws,
        np.ones(SIZE),
        [0.2, 2.0],
        noise=Semicircle(0.25),
        rng=rng,
    )
    network = tuple(dataclasses.replace(s, batch_size=8) for s in steps)
    return Preconditioning(steps, network)


def prevalence():
    rng = np.random.default_rng(0)
    strengths = np.array([0.5, 1.5])
    hessian = np.diag(np.linspace(1, 2, SIZE))
    regions = tuple(
        measured_region(
            name,
            float(epoch),
            8,
            hessian=hessian,
            batches=np.array([
                hessian + GOE(0.01).sample(SIZE, rng=rng) for _ in range(2)
            ]),
            gradient_norm=0.1,
            gradient_deviation=0.1,
            rng=rng,
        )
        for epoch, name in enumerate(("begin", "end"))
    )
    return PrevalenceOfMinima(
        sample_switch(strengths, SIZE, 3, rng=rng),
        sample_confined_field(strengths, SIZE, 3, rng=rng),
        (),
        regions,
        np.array([1.0, 2.0]),
    )


def saved(result, place):
    save(result, place / "result")
    table = Table(("quantity", "met"), (("a <b>", "yes"),))
    save(table, place / "acceptance")
    (place / "config.yaml").write_text("seed: 0\n")
    origin = {"experiment": "a-result", "about": "Of <one> paper."}
    (place / "provenance.json").write_text(json.dumps(origin))
    return place


@pytest.mark.parametrize("make", [free_addition, preconditioning, prevalence])
def test_a_run_becomes_a_page_and_figures(make, tmp_path):
    place = saved(make(), tmp_path)
    page = render_experiment(place)
    text = page.read_text()
    figures = list((place / "figures").glob("*.svg"))
    assert text.count("data:image/svg+xml") == len(figures) > 1
    assert "a &lt;b&gt;" in text
    assert "<h1>a-result</h1>\n<p>Of &lt;one&gt; paper.</p>" in text
    assert "http" not in text.replace("http-equiv", "")
    assert render_experiment(place) == page


def test_the_report_command_knows_experiments(tmp_path, capsys):
    saved(free_addition(), tmp_path)
    assert main(["report", str(tmp_path)]) == 0
    assert (tmp_path / "report.html").exists()
    assert "report.html" in capsys.readouterr().out


def test_other_directories_are_refused(tmp_path):
    with pytest.raises(StorageError, match="no finished run"):
        render_experiment(tmp_path)


def test_a_result_without_figures_has_a_page(tmp_path):
    page = render_experiment(saved(Table((), ()), tmp_path))
    assert "data:image" not in page.read_text()
    assert "yes" in page.read_text()


def test_histograms_have_the_mass_of_the_law():
    found = free_addition()
    rotated, plain, law = free_sum(found.sums[0]).series
    for line in (rotated, plain):
        widths = np.diff(line.x)
        assert line.y[:-1] @ widths == pytest.approx(1)
    assert np.trapezoid(law.y, law.x) == pytest.approx(1, abs=0.01)
    diagonal, points = quantiles(found.pairs[0]).series
    assert isinstance(diagonal, Line)
    assert points.x is not points.y
    assert np.array_equal(points.x, points.y)


def test_a_step_that_is_not_there_is_a_hole():
    found = preconditioning().ensembles
    panel = step_parts(found)
    predicted = [s for s in panel.series if isinstance(s, Line)]
    assert all(np.isnan(s.y[0]) and np.isfinite(s.y[1]) for s in predicted)
    measured = learning_rates(found).series[-1]
    assert isinstance(measured, Points)
    assert measured.y[1] == found[1].measured.learning_rate


def test_regions_are_drawn_along_training():
    found = prevalence()
    panel = rough_regions(found.regions, found.weight_norms)
    norms, radii = panel.series
    assert norms.y.tolist() == [1.0, 2.0]
    assert radii.y.tolist() == [r.rough_radius for r in found.regions]
