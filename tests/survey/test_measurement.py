import numpy as np
import torch

from eigenscape.curvature import Dense, EmpiricalRisk, Hessian
from eigenscape.spectra import stack_measures
from eigenscape.survey.measurement import (
    converged_pairs,
    measure_draw,
    measure_extremes,
    measure_population,
    measure_probe,
    stream_generator,
)
from networks import parts


def test_streams_are_named():
    draws = [
        torch.rand(4, generator=stream_generator(0, *names)).tolist()
        for names in (("a", 1), ("a", 1), ("a", 2))
    ]
    assert draws[0] == draws[1] != draws[2]


def test_probes_of_unequal_length_are_stacked():
    identity = Dense(torch.eye(5, dtype=torch.float64))
    diagonal = Dense(torch.diag(torch.arange(5.0, dtype=torch.float64)))
    rows = [
        measure_probe(op, steps=5, generator=stream_generator(0, "p"))
        for op in (identity, diagonal)
    ]
    stacked = stack_measures(rows)
    assert stacked.probes == 2
    np.testing.assert_allclose(stacked.weights.sum(1), 1)
    np.testing.assert_allclose(stacked.nodes[0], 1)


def test_a_spectrum_that_does_not_converge_gives_fewer_pairs():
    """A bulk of 2,000 nearly equal eigenvalues below one outlier."""
    values = torch.linspace(1.0, 1.0001, 2000, dtype=torch.float64)
    values[0] = 50.0
    operator = Dense(torch.diag(values))
    risk = EmpiricalRisk(*parts())
    start = stream_generator(0, "x")
    top = converged_pairs(operator, 12, "largest", 1e-8, start)
    found = measure_extremes(risk, operator, top, tolerance=1e-8, generator=start)
    assert found.largest[0] == np.float64(50.0) or abs(found.largest[0] - 50) < 1e-6
    assert found.largest_residuals.max() <= 1e-8 * 50


def test_a_draw_has_the_extremes_of_its_batch():
    risk = EmpiricalRisk(*parts()).subsample(16, stream_generator(0, "b"))
    draw = measure_draw(
        risk, count=5, tolerance=1e-6, generator=stream_generator(0, "s")
    )
    dense = Hessian(risk).matmat(torch.eye(risk.size, dtype=torch.float64)).numpy()
    exact = np.linalg.eigvalsh((dense + dense.T) / 2)[::-1][:5]
    np.testing.assert_allclose(draw.values, exact, atol=1e-6 * exact[0])
    assert draw.measure.dimension == risk.size


def test_coupled_examples_have_no_population():
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(6), torch.nn.Linear(6, 3))
    _, loss, data = parts()
    risk = EmpiricalRisk(model.double(), loss, data)
    start = stream_generator(0, "x")
    top = converged_pairs(Hessian(risk), 3, "largest", 1e-3, start)
    found = measure_population(risk, top, generator=start)
    assert found.curvature is None
    assert found.note.startswith("no prediction: risk: expected examples that do not")
