import torch

from eigenscape.training.critical_points.hidden_layer import HiddenLayer
from eigenscape.training.critical_points.point_search import (
    PointSearch,
    find_critical_points,
)
from eigenscape.training.critical_points.signed_newton import seek_saddles
from surfaces import Surface, saddle


def test_saddles_attract_to_machine_precision():
    starts = torch.tensor([[0.5, 0.3], [-1.0, 0.8]]).double()
    found, steps = seek_saddles(Surface(saddle, 2), starts, tolerance=1e-26, steps=60)
    assert float(found.abs().max()) < 1e-12
    assert 0 < int(steps.max()) < 60
    assert starts[0, 0] == 0.5


def test_the_index_of_the_start_is_that_of_the_end():
    def wells(x):
        """Four minima, four saddles and a maximum, on a lattice."""
        return ((x[0] ** 2 - 1) ** 2 + (x[1] ** 2 - 1) ** 2) / 4

    starts = torch.tensor([[0.8, 0.9], [0.9, 0.2], [0.2, -0.1]]).double()
    found, _ = seek_saddles(Surface(wells, 2), starts, tolerance=1e-26, steps=60)
    exact = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]).double()
    torch.testing.assert_close(found, exact, rtol=0, atol=1e-12)


def test_a_long_way_is_taken_in_steps_of_bounded_length():
    def bowl(x):
        return (x**2).sum() / 2

    starts = torch.tensor([[3.0, 4.0]]).double()
    once, _ = seek_saddles(Surface(bowl, 2), starts, tolerance=1e-26, steps=1)
    # The first step has length ½, and points at the minimum.
    torch.testing.assert_close(once, 0.9 * starts, rtol=1e-10, atol=0)
    found, steps = seek_saddles(Surface(bowl, 2), starts, tolerance=1e-26, steps=60)
    # ½ + 1 + 2 and then what is left.
    assert steps.tolist() == [4]
    assert float(found.abs().max()) < 1e-12


def test_generic_saddles_of_a_network():
    generator = torch.Generator().manual_seed(0)
    inputs, targets = torch.randn(2, 12, 3, generator=generator).double()
    problem = HiddenLayer(inputs, targets, 3)
    search = PointSearch(
        24, method="saddle", levels=(0.4, 0.7), descent_steps=100, steps=120
    )
    found = find_critical_points(problem, search, seed=0).found()
    assert (found.squares <= 1e-20).all()
    units = torch.from_numpy(found.points[:, :9]).view(-1, 3, 3)
    signs = torch.tensor([1.0, -1.0]).double().view(2, 1, 1, 1)
    pairs = units[:, [0, 0, 1]] - signs * units[:, [1, 2, 2]]
    # No unit is silent, and no two do the same: of no narrower network.
    apart = torch.cat([units[None], pairs]).norm(dim=3).amin((0, 2))
    generic = found.where((apart > 1e-3).numpy() & (found.unresolved == 0))
    assert (generic.negative > 0).sum() > 1


def test_no_more_steps_than_asked():
    starts = torch.tensor([[0.5, 0.3]]).double()
    _, steps = seek_saddles(Surface(saddle, 2), starts, tolerance=1e-26, steps=2)
    assert steps.tolist() == [2]
