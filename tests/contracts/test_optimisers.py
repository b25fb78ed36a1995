"""What every optimiser promises, ours and, for sanity, torch's."""

import copy
import io
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from contracts.optimisers import (
    BARE,
    CASES,
    EVERY,
    Valley,
    assert_close,
    assert_same,
    data,
    loss_of,
    nameless,
    network,
    train,
    values,
)


@EVERY
def test_parabola_is_descended(case):
    model = nn.Linear(3, 1, bias=False).double()
    nn.init.ones_(model.weight)
    inputs = torch.diag(torch.tensor([1.0, 1.5, 2.0])).double()
    optimiser = case.build(model, lr=case.rate)
    for _ in range(400):
        optimiser.zero_grad()
        model(inputs).square().sum().backward()
        optimiser.step()
    assert model.weight.abs().max() < 0.01


@BARE
def test_rosenbrock_is_descended(case):
    model = Valley()
    optimiser = case.build(model, lr=case.rosenbrock)
    for _ in range(1000):
        optimiser.zero_grad()
        model().backward()
        optimiser.step()
    assert model().item() < 0.05  # 24.2 at the start, 4.1 where the valley is reached


@EVERY
def test_network_is_trained(case):
    model = network()
    begun = loss_of(model).item()
    train(model, case.build(model, lr=case.rate), 200)
    assert loss_of(model).item() < 0.2 * begun


@EVERY
def test_interrupted_training_goes_on_bit_for_bit(case):
    straight = network()
    train(straight, case.build(straight, lr=case.rate), 24)
    model = network()
    optimiser = case.build(model, lr=case.rate)
    train(model, optimiser, 11)
    file = io.BytesIO()
    torch.save([model.state_dict(), optimiser.state_dict()], file)
    file.seek(0)
    weights, state = torch.load(file, weights_only=True)
    resumed = network()
    resumed.load_state_dict(weights)
    other = case.build(resumed, lr=10 * case.rate)
    other.load_state_dict(state)
    train(resumed, other, 13, first=11)
    assert_same(values(straight), values(resumed))


@EVERY
def test_state_dict_comes_back_as_it_was(case):
    model = network()
    optimiser = case.build(model, lr=case.rate)
    train(model, optimiser, 9)
    state = copy.deepcopy(optimiser.state_dict())
    other = case.build(network(), lr=case.rate)
    other.load_state_dict(copy.deepcopy(state))
    for found in (other.state_dict(), optimiser.state_dict()):
        torch.testing.assert_close(nameless(found), nameless(state), rtol=0, atol=0)


@BARE
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))]
)
def test_copies_go_on_alike(case, copied):
    model = network()
    optimiser = case.build(model, lr=case.rate)
    train(model, optimiser, 7)
    twin, twin_optimiser = copied((model, optimiser))
    train(twin, twin_optimiser, 7, first=7)
    train(model, optimiser, 7, first=7)
    assert_same(values(model), values(twin))
    torch.testing.assert_close(
        optimiser.state_dict()["state"], twin_optimiser.state_dict()["state"]
    )


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.peer is not None], ids=lambda case: case.name
)
def test_the_trajectory_is_that_of_torch(case):
    curvature = torch.logspace(-2, 1, 60, dtype=torch.float64).reshape(6, 10)
    generator = torch.Generator().manual_seed(2)
    noise = torch.randn(1000, 6, 10, generator=generator).double()
    models = [nn.Linear(10, 6, bias=False).double() for _ in range(2)]
    for model, build in zip(models, (case.build, case.peer), strict=True):
        nn.init.ones_(model.weight)
        optimiser = build(model, lr=case.rate)
        for index in range(1000):
            model.weight.grad = curvature * model.weight.detach() + noise[index]
            optimiser.step()
    assert_close(*map(values, models))  # 1000 steps of ε, damped by the curvature


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.foreach], ids=lambda case: case.name
)
def test_foreach_equals_the_loop(case):
    both = []
    for foreach in (True, False):
        model = network()
        train(model, case.build(model, lr=case.rate, foreach=foreach), 50)
        both.append(values(model))
    assert_close(*both)


@EVERY
def test_closure_is_called_once_with_gradients(case):
    plain, model = network(), network()
    train(plain, case.build(plain, lr=case.rate), 6)
    optimiser = case.build(model, lr=case.rate)
    calls = []
    for index in range(6):

        def closure(index=index):
            calls.append(torch.is_grad_enabled())
            optimiser.zero_grad()
            value = loss_of(model, index)
            value.backward()
            return value

        before = loss_of(model, index).item()
        with torch.no_grad():
            assert optimiser.step(closure).item() == before
    assert calls == [True] * 6
    assert_same(values(plain), values(model))


@EVERY
def test_a_step_without_closure_returns_nothing_and_keeps_random_state(case):
    model = network()
    optimiser = case.build(model, lr=case.rate)
    loss_of(model).backward()
    state = torch.get_rng_state()
    assert optimiser.step() is None
    assert torch.equal(state, torch.get_rng_state())
    assert all(p.requires_grad and p.is_leaf for p in model.parameters())


@EVERY
def test_parameters_without_gradient_stay(case):
    alone, model = network(), nn.ModuleList([network(), network()])
    train(alone, case.build(alone, lr=case.rate), 5)
    optimiser = case.build(model, lr=case.rate)
    train(model[0], optimiser, 5)
    assert_same(values(model[0]), values(alone))
    assert_same(values(model[1]), values(network()))
    for parameter in model.parameters():
        parameter.grad = None
    optimiser.step()
    assert_same(values(model[0]), values(alone))


@EVERY
def test_frozen_parameters_stay(case):
    model = network()
    model[0].requires_grad_(False)
    train(model, case.build(model, lr=case.rate), 5)
    assert_same(values(model[0]), values(network()[0]))
    assert not torch.equal(model[2].weight, network()[2].weight)


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c.rosenbrock is not None and not c.sparse],
    ids=lambda case: case.name,
)
def test_sparse_gradients_are_refused(case):
    model = nn.Embedding(5, 2, sparse=True)
    before = values(model)
    optimiser = case.build(model, lr=case.rate)
    model(torch.tensor([1, 3])).sum().backward()
    with pytest.raises((RuntimeError, ValueError), match="sparse"):
        optimiser.step()
    assert_same(before, values(model))


@EVERY
def test_scaled_gradients_step_as_unscaled_ones(case):
    plain, model = network(torch.float32), network(torch.float32)
    train(plain, case.build(plain, lr=case.rate), 6, dtype=torch.float32)
    optimiser = case.build(model, lr=case.rate)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    for index in range(6):
        optimiser.zero_grad()
        scaler.scale(loss_of(model, index, torch.float32)).backward()
        scaler.step(optimiser)
        scaler.update()
    assert_same(values(plain), values(model))
    optimiser.zero_grad()
    scaler.scale(loss_of(model, 0, torch.float32)).backward()
    next(model.parameters()).grad.fill_(float("inf"))
    scaler.step(optimiser)
    assert_same(values(plain), values(model))


@EVERY
def test_schedulers_set_the_rate(case):
    model, other = network(), network()
    optimiser = case.build(model, lr=case.rate)
    scheduler = torch.optim.lr_scheduler.StepLR(optimiser, 2, gamma=0.5)
    by_hand = case.build(other, lr=case.rate)
    for index in range(6):
        train(model, optimiser, 1, first=index)
        scheduler.step()
        for group in by_hand.param_groups:
            group["lr"] = case.rate * 0.5 ** (index // 2)
        train(other, by_hand, 1, first=index)
    assert_same(values(model), values(other))


@EVERY
def test_schedulers_may_cycle_the_momentum(case):
    model, other = network(), network()
    optimiser, by_hand = (case.build(one, lr=case.rate) for one in (model, other))
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimiser, case.rate, 8)
    key = "betas" if "betas" in optimiser.param_groups[0] else "momentum"
    seen = set()
    for index in range(7):
        pairs = zip(optimiser.param_groups, by_hand.param_groups, strict=True)
        for group, own in pairs:
            own["lr"], own[key] = group["lr"], group[key]
            seen.add(group[key])
        for one, trained in ((optimiser, model), (by_hand, other)):
            train(trained, one, 1, first=index)
        scheduler.step()
    assert len(seen) > 4
    assert_same(values(model), values(other))


@BARE
def test_groups_step_at_their_own_rates(case):
    together, apart = network(), network()
    first, last = together[0], together[2]
    optimiser = case.build(first, lr=case.rate)
    group = {"params": list(last.parameters()), "lr": 0.1 * case.rate}
    optimiser.add_param_group(group)
    train(together, optimiser, 6)
    rates = (case.rate, 0.1 * case.rate)
    pair = [case.build(apart[i], lr=r) for i, r in zip((0, 2), rates, strict=True)]
    for index in range(6):
        apart.zero_grad()
        loss_of(apart, index).backward()
        for one in pair:
            one.step()
    assert_same(values(together), values(apart))


@BARE
def test_accumulated_gradients_step_as_the_whole_batch(case):
    whole, parts = network(), network()
    train(whole, case.build(whole, lr=case.rate), 8)
    optimiser = case.build(parts, lr=case.rate)
    inputs, targets = data()
    for index in range(8):
        optimiser.zero_grad()
        begin = 8 * (index % 4)
        for chosen in (slice(begin, begin + 4), slice(begin + 4, begin + 8)):
            (functional.mse_loss(parts(inputs[chosen]), targets[chosen]) / 2).backward()
        optimiser.step()
    assert_close(values(whole), values(parts), 1e-9)


@BARE
def test_maximising_is_minimising_the_negative(case):
    down, up = network(), network()
    train(down, case.build(down, lr=case.rate), 8)
    optimiser = case.build(up, lr=case.rate, maximize=True)
    for index in range(8):
        optimiser.zero_grad()
        (-loss_of(up, index)).backward()
        optimiser.step()
    assert_same(values(down), values(up))


def test_the_step_can_be_compiled():
    """In a process of its own, where nothing checks the types of what is traced."""
    script = "from contracts.optimisers import compare_compiled; compare_compiled()"
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    for line in found.stdout.splitlines():
        name, error = line.split("|")
        assert float(error) < 1e-12, name
    assert len(found.stdout.splitlines()) == sum(case.compiles for case in CASES)


@pytest.mark.parametrize(
    ("case", "options"),
    [pytest.param(c, o, id=f"{c.name}-{o}") for c in CASES for o in c.bad],
)
def test_bad_options_are_refused(case, options):
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        case.build(network(), **{"lr": case.rate} | options)
