"""A layer's curvature against the dense matrix that it stands for."""

from itertools import starmap

import pytest
import torch
from torch.nn import Parameter

from eigenscape.optim.kfac.layer import KroneckerLayer, Slot, factor_type
from eigenscape.optim.kfac.settings import FactorSettings


def layer(*, maps=1, bias=True, **options):
    generator = torch.Generator().manual_seed(0)
    weight = Parameter(torch.randn(4, 3, generator=generator, dtype=torch.float64))
    own = Parameter(torch.randn(4, generator=generator, dtype=torch.float64))
    corrected = options.pop("corrected", False)
    shrunk = options.pop("shrunk", False)
    settings = FactorSettings(start="mean", **options)
    slot = Slot(own) if bias else None
    return KroneckerLayer(
        "layer", Slot(weight), slot, settings, maps=maps, corrected=corrected,
        shrunk=shrunk,
    )  # fmt: skip


def measured(made, passes=3, terms=7.0):
    """Update with random rows; give back the exact means of a aᵀ and of m g gᵀ."""
    generator = torch.Generator().manual_seed(1)
    maps, size = made.inputs.mean.shape[0], made.inputs.mean.shape[1]
    own = size - (made.bias is not None)
    outputs = made.gradients.mean.shape[1]
    sums, a_rows, g_rows = made.sums(), [], []
    for _ in range(passes):
        a = torch.randn(maps, 5, 1, own, generator=generator, dtype=torch.float64)
        g = torch.randn(maps, 5, 1, outputs, generator=generator, dtype=torch.float64)
        sums.add(a, g, made.bases)
        ones = torch.ones(maps, 5, size - own, dtype=torch.float64)
        a_rows.append(torch.cat([a[:, :, 0], ones], 2))
        g_rows.append(g[:, :, 0])
    assert made.update(sums, terms)
    a, g = torch.cat(a_rows, 1), torch.cat(g_rows, 1)
    return a, g, a.mT @ a / a.shape[1], terms * g.mT @ g


def solved(dense, gradient):
    """Divide row by row vectorised (outputs first) gradients."""
    flat = torch.linalg.solve(dense, gradient.reshape(len(gradient), -1, 1))
    return flat.reshape(gradient.shape)


def joint(made, pieces=None):
    """The gradient or a direction, a matrix a map, the bias in the last column."""
    pieces = dict(pieces or [(s, s.of(s.parameter.grad)) for s in slots(made)])
    rows = pieces[made.weight].reshape(*made.gradients.mean.shape[:2], -1)
    if made.bias is None:
        return rows
    return torch.cat([rows, pieces[made.bias].reshape(*rows.shape[:2], 1)], 2)


def slots(made):
    return [slot for slot in (made.weight, made.bias) if slot is not None]


def with_gradients(made):
    for slot in slots(made):
        slot.parameter.grad = torch.randn_like(slot.parameter)
    return joint(made)


def kron(g, a):
    return torch.stack(list(starmap(torch.kron, zip(g, a, strict=True))))


@pytest.mark.parametrize("maps", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("form", ["product", "factored"])
def test_the_inverse_is_that_of_the_dense_matrix(maps, bias, form):
    made = layer(maps=maps, bias=bias, form=form)
    _, _, a, g = measured(made)
    made.refresh()
    gradient = with_gradients(made)
    eye_a, eye_g = (torch.eye(m.shape[1], dtype=m.dtype) for m in (a, g))
    if form == "product":
        dense = kron(g, a) + 0.3 * torch.eye(len(eye_a) * len(eye_g))
    else:
        traces = [m.diagonal(dim1=1, dim2=2).mean(1) for m in (a, g)]
        ratio = (traces[0] / traces[1]).sqrt()[:, None, None]
        dense = kron(g + 0.3**0.5 / ratio * eye_g, a + 0.3**0.5 * ratio * eye_a)
    for _ in range(3):  # the second time by what is kept
        found = joint(made, made.directions(0.3))
        torch.testing.assert_close(found, solved(dense, gradient))
    other = joint(made, made.directions(0.6))
    assert not torch.allclose(other, found)


def test_corrected_eigenvalues_are_second_moments_in_the_eigenbasis():
    made = layer(corrected=True)
    measured(made)
    made.refresh()
    a, g, _, _ = measured(made)
    q_a, q_g = made.bases
    each = torch.einsum("kno,kni->nkoi", g, a)
    second = 7.0 * (q_g.mT @ each @ q_a).square().sum(0)
    gradient = with_gradients(made)
    expected = q_g @ ((q_g.mT @ gradient @ q_a) / (second + 0.1)) @ q_a.mT
    torch.testing.assert_close(joint(made, made.directions(0.1)), expected)
    made.refresh()
    products = made.gradients.eigenbasis()[0][0].outer(made.inputs.eigenbasis()[0][0])
    torch.testing.assert_close(made.state()["corrected"][0], products)


def test_directions_without_curvature_or_damping_are_left_out():
    made = layer(bias=False)
    made.inputs.mean = torch.diag(torch.tensor([0.0, 1.0, 2.0])).double()[None]
    made.refresh()
    made.weight.parameter.grad = torch.ones(4, 3, dtype=torch.float64)
    ((slot, found),) = made.directions(0.0)
    assert slot is made.weight
    torch.testing.assert_close(found[0], torch.tensor([0.0, 1.0, 0.5]).double())


def test_missing_gradients():
    made = layer(maps=2)
    made.refresh()
    assert made.directions(1.0) == []
    made.weight.parameter.grad = torch.ones(4, 3, dtype=torch.float64)
    (_, weight), (_, bias) = made.directions(1.0)
    torch.testing.assert_close(weight, torch.full((4, 3), 0.5).double())
    assert bias.abs().max() == 0


def test_slots_are_rows_of_a_parameter():
    parameter = Parameter(torch.arange(6.0).reshape(3, 2))
    slot = Slot(parameter, slice(1, 2))
    assert slot.of(parameter).tolist() == [[2.0, 3.0]]
    assert slot.same(Slot(parameter, slice(1, 2)))
    assert not slot.same(Slot(parameter))


def test_published_factors_have_the_same_product():
    sums, layers = [], [layer(sharing=kind) for kind in ("expand", "published")]
    for made in layers:
        sums = made.sums()
        rows = torch.linspace(-1, 2, 24, dtype=torch.float64).reshape(1, 2, 4, 3)
        sums.add(rows, rows.cos().repeat(1, 1, 1, 2)[..., :4], None)
        made.update(sums, 2.0)
    first, second = layers
    torch.testing.assert_close(second.inputs.mean, first.inputs.mean / 4)
    torch.testing.assert_close(second.gradients.mean, first.gradients.mean * 4)


def test_infinite_sums_change_nothing():
    made = layer()
    sums = made.sums()
    rows = torch.ones(1, 2, 1, 3, dtype=torch.float64)
    sums.add(rows * torch.inf, torch.ones(1, 2, 1, 4, dtype=torch.float64), None)
    assert not made.update(sums, 1.0)
    assert made.inputs.updates == made.gradients.updates == 0


def test_a_state_of_another_kind_is_refused():
    with pytest.raises(ValueError, match=r"^state_dict: .*EKFAC's alone$"):
        layer(corrected=True).restore(layer().state())


def test_short_types_are_widened():
    assert factor_type(torch.bfloat16) is torch.float32
    assert factor_type(torch.float64) is torch.float64
