import numpy as np
import pytest
import torch

from eigenscape.landscape.searched_points import PointTest
from eigenscape.training.critical_points import point_search
from eigenscape.training.critical_points.hidden_layer import HiddenLayer
from eigenscape.training.critical_points.point_search import (
    PointSearch,
    find_critical_points,
)
from surfaces import Surface, saddle


def memorisation(width, examples, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shape = (examples, width)
    inputs, targets = (
        torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(2)
    )
    return HiddenLayer(inputs, targets, width)


def test_a_small_network_to_machine_precision():
    problem = memorisation(2, 6)
    search = PointSearch(32, descent_steps=300, steps=150, chunk=32)
    found = find_critical_points(problem, search, seed=0)
    critical = found.found()

    def loss(point):
        return problem.loss_and_gradient(point[None])[0][0]

    assert (critical.squares <= 1e-20).all()
    for point, energy, negative, unresolved in zip(
        torch.from_numpy(critical.points),
        critical.energies,
        critical.negative,
        critical.unresolved,
        strict=True,
    ):
        matrix = torch.autograd.functional.hessian(loss, point)
        values = np.linalg.eigvalsh(matrix.numpy())
        assert negative <= (values < 0).sum() <= negative + unresolved
        assert problem.energy(point[None])[0] == energy
    assert len(set(critical.negative.tolist())) > 1


def test_both_methods_find_the_saddle():
    problem = Surface(saddle, 2, scale=0.3)
    for method in ("second-order", "first-order"):
        search = PointSearch(
            3,
            method=method,
            levels=(1.0, 1.0),
            steps=3000,
            test=PointTest(tolerance=1e-10),
        )
        found = find_critical_points(problem, search, seed=1)
        assert found.are("critical").all()
        assert found.negative.tolist() == [1, 1, 1]


def silent_units(points, width):
    first = points[:, : width * width].reshape(-1, width, width)
    return (first == 0).all(axis=2).sum(axis=1)


def test_minima_with_silent_units_are_saddles_of_every_index():
    problem = memorisation(3, 12)
    search = PointSearch(
        12,
        method="minimum",
        active=(1, 3),
        levels=(0.0, 0.0),
        descent_steps=200,
        steps=120,
        chunk=4,
    )
    found = find_critical_points(problem, search, seed=0).found()
    assert found.points.shape[1] == problem.size
    assert len(set(found.negative.tolist())) > 1
    # Silent units have three negative eigenvalues each, minima none of their own.
    silent = silent_units(found.points, 3)
    assert (found.negative <= 3 * silent).all()
    assert (found.negative + found.unresolved >= 3 * silent).all()


def test_saddles_of_few_units_are_nondegenerate_saddles_of_all():
    problem = memorisation(4, 16)
    search = PointSearch(48, active=(1, 2), levels=(1.0, 1.0), steps=120, chunk=8)
    found = find_critical_points(problem, search, seed=0)
    found = found.where(found.nondegenerate)
    silent = silent_units(found.points, 4)
    assert set(silent.tolist()) == {2, 3}
    assert len(set(found.energies.round(9).tolist())) > 5

    def loss(point):
        return problem.loss_and_gradient(point[None])[0][0]

    for point, negative in zip(found.points[:3], found.negative, strict=False):
        own = torch.from_numpy(point)
        values = torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, own))
        assert values.abs().min() > 1e-8
        assert (values < 0).sum() == negative


def test_units_are_silenced_only_where_there_are_enough():
    for problem in (Surface(saddle, 2), memorisation(2, 6)):
        with pytest.raises(ValueError, match="active: expected a HiddenLayer of at le"):
            find_critical_points(problem, PointSearch(2, active=(1, 3)), seed=0)


def test_an_interrupted_search_goes_on(tmp_path, monkeypatch):
    problem = Surface(saddle, 2)
    search = PointSearch(5, chunk=2, levels=(1.0, 1.0))
    whole = find_critical_points(problem, search, seed=0)
    kept = find_critical_points(problem, search, seed=0, directory=tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
    assert np.array_equal(whole.points, kept.points)

    def refused(*arguments, **options):
        raise AssertionError

    monkeypatch.setattr(point_search, "solve_gradient", refused)
    again = find_critical_points(problem, search, seed=0, directory=tmp_path)
    assert np.array_equal(again.energies, whole.energies)
    assert again.steps.tolist() == whole.steps.tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"starts": 0}, "starts: expected at least 1, got 0"),
        ({"starts": 1, "active": (3, 2)}, "active: expected 1 ≤ least ≤ most"),
        ({"starts": 1, "steps": 0}, "steps: expected"),
        ({"starts": 1, "levels": (0.5, 0.2)}, "levels: expected 0 ≤ lower"),
        ({"starts": 1, "levels": (-0.5, 0.2)}, "levels: expected 0 ≤ lower"),
    ],
)
def test_bad_input_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        PointSearch(**options)
