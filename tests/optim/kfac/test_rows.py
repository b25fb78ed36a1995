"""Rows against autograd: the gradient of a weight is ∑ g aᵀ over rows."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from eigenscape.optim.kfac.rows import ConvolutionRows, LinearRows, regrouped

KINDS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


def weight_gradient(reader, module, inputs):
    """∑ g aᵀ over rows, and what autograd says."""
    output = module(inputs)
    output.retain_grad()
    generator = torch.Generator().manual_seed(1)
    along = torch.randn(output.shape, generator=generator, dtype=output.dtype)
    output.backward(along)
    a, g = reader.inputs(inputs), reader.gradients(output.grad)
    assert a.shape[:3] == g.shape[:3]
    found = torch.einsum("knto,knti->koi", g, a)
    return found.reshape(module.weight.shape), module.weight.grad


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 2),
    st.sampled_from([0, 1, 2, "same", "valid"]),
    st.integers(1, 2),
    st.sampled_from([1, 2, 4]),
    st.sampled_from(["zeros", "circular", "reflect", "replicate"]),
)
def test_convolutions(dimensions, kernel, stride, padding, dilation, groups, mode):
    if padding == "same":
        stride = 1
    module = KINDS[dimensions](
        4, 8, kernel, stride, padding, dilation, groups, padding_mode=mode
    ).double()
    inputs = torch.randn(3, 4, *(5, 6, 7)[:dimensions], dtype=torch.float64)
    found, exact = weight_gradient(ConvolutionRows(module), module, inputs)
    torch.testing.assert_close(found, exact)


def test_an_unbatched_image_is_one_example():
    module = nn.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=(1, 0)).double()
    inputs = torch.randn(2, 6, 5, dtype=torch.float64)
    reader = ConvolutionRows(module)
    assert reader.inputs(inputs).shape == (1, 1, 12, 12)
    found, exact = weight_gradient(reader, module, inputs)
    torch.testing.assert_close(found, exact)


@pytest.mark.parametrize("shape", [(5,), (4, 5), (4, 3, 5), (4, 3, 2, 5)])
@pytest.mark.parametrize("batch_axis", [0, 1])
def test_linear_maps(shape, batch_axis):
    module = nn.Linear(5, 7).double()
    inputs = torch.randn(shape, dtype=torch.float64)
    reader = LinearRows(batch_axis)
    found, exact = weight_gradient(reader, module, inputs)
    torch.testing.assert_close(found, exact)
    rows = reader.inputs(inputs)
    if len(shape) >= 3:
        assert rows.shape[1] == shape[batch_axis]
        torch.testing.assert_close(
            rows[0, 1], inputs.select(batch_axis, 1).flatten(0, -2)
        )


def test_flattened_tokens_are_regrouped_by_example():
    rows = torch.arange(12.0).reshape(1, 12, 1, 1)
    grouped = regrouped(rows, 4)
    assert grouped.shape == (1, 4, 3, 1)
    assert grouped[0, 1, :, 0].tolist() == [3.0, 4.0, 5.0]
    assert regrouped(rows, 5) is rows
    assert regrouped(rows, 0) is rows
