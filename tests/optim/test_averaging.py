"""IterateAverage against means formed directly, in double precision or exactly."""

import copy
import io
import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from eigenscape.optim.averaging import IterateAverage
from eigenscape.optim.averaging_start import NoImprovement, NonMonotone


def walk(parameter, average, steps, seed=0):
    """Set random iterates, count each, and return all of them."""
    generator = torch.Generator().manual_seed(seed)
    path = []
    for _ in range(steps):
        with torch.no_grad():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
        path.append(parameter.detach().clone())
        average.step()
    return path


@given(st.integers(0, 12), st.integers(1, 5), st.integers(13, 40))
def test_average_is_the_mean_of_the_iterates_due(start, every, steps):
    parameter = nn.Parameter(torch.zeros(3))
    average = IterateAverage([parameter], start=start, every=every)
    path = walk(parameter, average, steps)
    due = path[start + every - 1 :: every]
    assert average.count == len(due)
    if due:
        mean = torch.stack(due).double().mean(0).float()
        assert torch.equal(average.averages()[0], mean)


def test_published_start_collects_from_the_next_epoch():
    parameter = nn.Parameter(torch.zeros(1))
    average = IterateAverage([parameter], start=161)
    collected = [epoch for epoch in range(1, 301) if average.step()]
    assert collected == list(range(162, 301))


def test_a_million_iterates_lose_no_digit():
    """A running mean in single precision is off by 1e-5 of this by the end."""
    values = torch.tensor([1.0, 1.0 + 2.0**-23, 1.0 + 2.0**-22, 0.1])
    parameter = nn.Parameter(torch.zeros(4))
    average = IterateAverage([parameter])
    with torch.no_grad():
        parameter.copy_(values)
        average.collect()
        state = average.state_dict()
        state["sums"] = [999_999 * values.double()]
        state["count"] = 999_999
        average.load_state_dict(state)
        parameter.add_(1.0)
        average.collect()
    exact = [
        (999_999 * Fraction(float(v)) + Fraction(float(w))) / 10**6
        for v, w in zip(values, parameter.detach(), strict=True)
    ]
    assert average.count == 10**6
    rounded = torch.tensor([float(x) for x in exact], dtype=torch.float64).float()
    assert torch.equal(average.averages()[0], rounded)


def test_many_iterates_in_single_precision_against_exact_sums():
    parameter = nn.Parameter(torch.zeros(5))
    average = IterateAverage([parameter])
    generator = torch.Generator().manual_seed(3)
    path = 1 + 0.1 * torch.randn(20_000, 5, generator=generator)
    for point in path:
        parameter.data.copy_(point)
        average.collect()
    exact = [math.fsum(column) / 20_000 for column in path.double().T.tolist()]
    found = (average.state_dict()["sums"][0] / 20_000).tolist()
    assert found == pytest.approx(exact, rel=20_000 * 2**-53, abs=0)
    assert found == pytest.approx(exact, rel=1e-14, abs=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_constant_iterates_average_to_themselves(dtype):
    values = torch.tensor([0.1, -3.0, 1e-3]).to(dtype)
    parameter = nn.Parameter(values.clone())
    average = IterateAverage([parameter])
    for _ in range(64):  # 64 equal summands are added without rounding
        average.collect()
    assert average.averages()[0].dtype is dtype
    assert torch.equal(average.averages()[0], values)


def test_complex_iterates_are_averaged():
    parameter = nn.Parameter(torch.tensor([1.0 + 2.0j]))
    average = IterateAverage([parameter])
    average.collect()
    parameter.data.mul_(1j)
    average.collect()
    assert torch.equal(average.averages()[0], torch.tensor([-0.5 + 1.5j]))


def network():
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3))
    model[2].weight = model[0].weight
    model[2].bias.requires_grad_(False)
    return model


def test_tied_count_once_frozen_and_buffers_are_left_out():
    model = network()
    average = IterateAverage(model)
    average.step()
    shapes = [tuple(total.shape) for total in average.state_dict()["sums"]]
    assert shapes == [(3, 3), (3,), (3,), (3,)]
    before = copy.deepcopy(model.state_dict())
    for parameter in model.parameters():
        parameter.data.add_(1)
    model[1].running_mean.add_(1)
    average.step()
    with average.swapped():
        assert torch.equal(model[2].weight, model[0].weight)
        half = (before["0.bias"].double() + 0.5).float()
        torch.testing.assert_close(model[0].bias.data, half, rtol=1e-6, atol=1e-7)
        assert torch.equal(model[2].bias, before["2.bias"] + 1)
        assert torch.equal(model[1].running_mean, before["1.running_mean"] + 1)


def test_swapping_restores_bit_for_bit_even_after_an_error():
    model = network()
    model[0].weight.data[0, 0] = float("nan")
    model[0].bias.grad = torch.ones(3)
    average = IterateAverage(model)
    average.collect()
    for parameter in model.parameters():
        parameter.data.mul_(1.7)
    before = [p.detach().clone() for p in model.parameters()]

    def fail():
        with average.swapped():
            assert not torch.equal(model[0].bias, before[1])
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    for now, then in zip(model.parameters(), before, strict=True):
        assert torch.equal(now.data.view(torch.int32), then.view(torch.int32))
    assert torch.equal(model[0].bias.grad, torch.ones(3))


def test_averages_are_not_collected():
    parameter = nn.Parameter(torch.zeros(1))
    average = IterateAverage([parameter])
    average.step()
    with average.swapped():
        with pytest.raises(ValueError, match="leave its block"):
            average.collect()
        with pytest.raises(ValueError, match="one block"), average.swapped():
            pass
    assert average.step()


def test_apply_keeps_the_average_in_place():
    parameter = nn.Parameter(torch.zeros(2))
    average = IterateAverage([parameter])
    average.collect()
    parameter.data.fill_(1.0)
    average.collect()
    average.apply()
    assert parameter.tolist() == [0.5, 0.5]
    assert average.count == 2


@pytest.mark.parametrize(
    ("rule", "observed"),
    [
        (NoImprovement(2), [0.5, 0.6, 0.6, 0.55, 0.9]),
        (NonMonotone(1), [3.0, 2.0, 1.5, 1.8, 1.9, 1.0]),
    ],
)
def test_automatic_start_is_irreversible(rule, observed):
    parameter = nn.Parameter(torch.zeros(1))
    average = IterateAverage([parameter], start=rule)
    begun = []
    for value in observed:
        average.step()
        begun.append(average.observe(value))
    first = next(t for t in range(1, 9) if rule.fires(observed[:t]))
    assert begun == [t >= first for t in range(1, len(observed) + 1)]
    assert average.count == len(observed) - first


def test_begin_starts_once():
    parameter = nn.Parameter(torch.zeros(1))
    average = IterateAverage([parameter], start=None, every=2)
    assert [average.step() for _ in range(3)] == [False] * 3
    average.begin()
    found = []
    for _ in range(4):
        found.append(average.step())
        average.begin()
    assert found == [False, True, False, True]


@pytest.mark.parametrize("interrupted", range(1, 12))
def test_interrupted_averaging_goes_on_bit_for_bit(interrupted):
    def run(parameter, average, steps):
        for t in steps:
            with torch.no_grad():
                parameter.fill_(math.sin(t))
            average.step()
            average.observe(1 / t if t < 4 else 0.3 + (t % 3) / 10)

    whole = nn.Parameter(torch.zeros(1))
    straight = IterateAverage([whole], start=NonMonotone(2), every=2)
    run(whole, straight, range(1, 16))
    parameter = nn.Parameter(torch.zeros(1))
    average = IterateAverage([parameter], start=NonMonotone(2), every=2)
    run(parameter, average, range(1, interrupted + 1))
    file = io.BytesIO()
    torch.save(average.state_dict(), file)
    file.seek(0)
    resumed = IterateAverage([parameter], start=NonMonotone(2))
    resumed.load_state_dict(torch.load(file, weights_only=True))
    run(parameter, resumed, range(interrupted + 1, 16))
    assert 1 < resumed.count == straight.count
    assert torch.equal(resumed.averages()[0], straight.averages()[0])


def test_bad_use_is_refused():
    parameter = nn.Parameter(torch.zeros(2))
    for options, words in (
        ({"start": -1}, "start: expected at least 0"),
        ({"every": 0}, "every: expected at least 1"),
        ({"dtype": torch.int64}, "dtype: expected a real floating"),
        ({"dtype": torch.complex64}, "dtype: expected a real floating"),
    ):
        with pytest.raises(ValueError, match=words):
            IterateAverage([parameter], **options)
    average = IterateAverage([parameter])
    with pytest.raises(ValueError, match="at least one iterate, got none"):
        average.averages()
    with pytest.raises(ValueError, match="got nan"):
        average.observe(math.nan)
    average.step()
    with pytest.raises(ValueError, match="add them before"):
        average.include([nn.Parameter(torch.zeros(1))])
    average.include([parameter])
    other = IterateAverage([nn.Parameter(torch.zeros(3))])
    with pytest.raises(ValueError, match="expected sums of shapes"):
        other.load_state_dict(average.state_dict())
