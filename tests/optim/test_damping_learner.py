"""DampingLearner: the published loop written out, schedulers, resumption, failures."""

import copy
import warnings

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, StepLR

from eigenscape.curvature import EmpiricalRisk, GaussNewton, Hessian
from eigenscape.curvature.curvature_variance import (
    block_curvature_variance,
    curvature_variance,
)
from eigenscape.optim.damped_adam import DampedAdam
from eigenscape.optim.damping import OptimalShrinkage, PublishedDamping
from eigenscape.optim.damping_learner import DampingLearner
from eigenscape.optim.kfac.kfac import KFAC
from eigenscape.optim.layer_groups import layer_groups
from networks import digits_like, network

DATA = digits_like(64).tensors
RATE = 0.02


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def operator_of(model, kind=Hessian, batch_size=16):
    risk = EmpiricalRisk(model, cross_entropy, DATA, batch_size=batch_size)
    return kind(risk, check=False)


def learner_of(model, optimizer, rule=None, **options):
    rule = rule or PublishedDamping(0.1)
    return DampingLearner(
        optimizer, rule, operator_of(model), generator=seeded(), **options
    )


def step_of(model, optimizer, index):
    chosen = slice(8 * (index % 8), 8 * (index % 8) + 8)
    optimizer.zero_grad()
    cross_entropy(model(DATA[0][chosen]), DATA[1][chosen]).backward()
    optimizer.step()


def flat(model):
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach().clone()


def test_is_the_published_loop_written_out():
    """Steps and damping by hand, with PyTorch's Adam and double backward."""
    interval, least = 3, 0.1
    ours, theirs = network(), network()
    optimizer = DampedAdam(ours.parameters(), RATE, damping=least)
    learner = learner_of(ours, optimizer, interval=interval)
    adam = torch.optim.Adam(theirs.parameters(), RATE, eps=least)
    generator, damping = seeded(), None
    for t in range(10):
        step_of(ours, optimizer, t)
        learner.step()
        step_of(theirs, adam, t)
        if t % interval == 0:
            variance = published_variance(theirs, generator)
            damping = (
                least + variance
                if damping is None
                else 0.7 * damping + 0.3 * least + 0.3 * variance
            )
        adam.param_groups[0].update(lr=RATE * (1 + damping), eps=damping)
        # products by another route, to rounding of ten steps
        assert optimizer.param_groups[0]["eps"] == pytest.approx(damping, rel=1e-9)
    assert flat(ours).numpy() == pytest.approx(flat(theirs).numpy(), rel=1e-9, abs=1e-9)


def published_variance(model, generator):
    params = list(model.parameters())
    size = sum(p.numel() for p in params)
    z = torch.randn(size, generator=generator).double()
    pieces = (z / z.norm()).split([p.numel() for p in params])
    products = []
    for inputs, targets in zip(*(d.split(16) for d in DATA), strict=True):
        loss = cross_entropy(model(inputs), targets)
        gradient = torch.autograd.grad(loss, params, create_graph=True)
        pairs = zip(gradient, pieces, strict=True)
        along = sum((g.reshape(-1) * piece).sum() for g, piece in pairs)
        product = torch.autograd.grad(along, params)
        products.append(torch.cat([p.reshape(-1) for p in product]))
    stack = torch.stack(products)
    return float(stack.square().sum(1).mean() - stack.mean(0).square().sum())


@pytest.mark.parametrize(
    "schedule",
    [
        lambda o: StepLR(o, 2, 0.5),
        lambda o: CosineAnnealingLR(o, 12),
        lambda o: LambdaLR(o, lambda t: 1 / (1 + t)),
    ],
)
@pytest.mark.parametrize("first", ["learner", "scheduler"])
def test_schedulers_see_the_base_rate(schedule, first):
    model = network()
    optimizer = DampedAdam(model.parameters(), RATE)
    learner, scheduler = learner_of(model, optimizer), schedule(optimizer)
    alone = DampedAdam(network().parameters(), RATE)
    alone_scheduler = schedule(alone)
    used = []
    optimizer.register_step_post_hook(lambda *_: None)
    inner = optimizer.register_step_pre_hook(
        lambda o, *_: used.append(o.param_groups[0]["lr"])
    )
    factor = 1.0
    for t in range(7):
        base = alone.param_groups[0]["lr"]
        step_of(model, optimizer, t)
        assert used[-1] == pytest.approx(base * factor, rel=1e-14)
        parts = [learner, scheduler] if first == "learner" else [scheduler, learner]
        for part in parts:
            part.step()
        alone.step()
        alone_scheduler.step()
        assert optimizer.param_groups[0]["lr"] == alone.param_groups[0]["lr"]
        factor = 1 + optimizer.param_groups[0]["eps"]
        assert learner.rate_factors == (factor,)
    inner.remove()
    assert factor > 1.1


@pytest.mark.parametrize("by", ["all", "group"])
@pytest.mark.parametrize(
    "make",
    [
        lambda groups: DampedAdam(groups, RATE, amsgrad=True),
        lambda groups: torch.optim.AdamW(groups, RATE),
        lambda groups: torch.optim.RMSprop(groups, RATE),
    ],
)
def test_resumes_bit_for_bit(make, by):
    options = {"interval": 2, "minibatches": 3, "by": by}

    def build(model):
        optimizer = make(layer_groups(model))
        learner = learner_of(model, optimizer, OptimalShrinkage(), **options)
        return optimizer, learner, StepLR(optimizer, 3, 0.5)

    model = network()
    parts = build(model)

    def run(model, parts, steps):
        for t in steps:
            step_of(model, parts[0], t)
            parts[1].step()
            parts[2].step()

    run(model, parts, range(5))
    state = copy.deepcopy([model.state_dict(), *(p.state_dict() for p in parts)])
    run(model, parts, range(5, 11))
    again = network()
    others = build(again)
    for part, saved in zip((again, *others), state, strict=True):
        part.load_state_dict(saved)
    run(again, others, range(5, 11))
    assert torch.equal(flat(model), flat(again))
    assert others[1].moments == parts[1].moments
    assert set(parts[1].moments) == ({"all"} if by == "all" else {"0", "1"})


def test_groups_have_the_damping_of_their_blocks():
    model = network()
    optimizer = DampedAdam(layer_groups(model), RATE)
    rule = OptimalShrinkage()
    learner = DampingLearner(
        optimizer,
        rule,
        operator_of(model, GaussNewton),
        generator=seeded(4),
        by="group",
        batch_size=64,
    )
    learner.step()
    operator = operator_of(model, GaussNewton)
    found = block_curvature_variance(
        operator, operator.risk.groups(), generator=seeded(4)
    )
    scaled = [
        one.moments.with_noise(one.noise.value * 16 / 64) for one in found.values()
    ]
    assert optimizer.dampings == tuple(rule.damping(one) for one in scaled)
    assert learner.rate_factors == tuple(rule.rate_factor(one) for one in scaled)
    assert optimizer.dampings[0] != optimizer.dampings[1]


def test_minibatches_are_taken_in_turn():
    model = network()
    optimizer = DampedAdam(model.parameters(), RATE)
    learner = learner_of(
        model, optimizer, PublishedDamping(0.0, smoothing=1.0), minibatches=3
    )
    generator = seeded()
    for chosen in ({0, 1, 2}, {3, 0, 1}, {2, 3, 0}):
        learner.step()
        expected = curvature_variance(
            operator_of(model), generator=generator, chosen=chosen
        ).noise.value * (1 - 1 / 4)  # as if all four had been taken
        assert optimizer.dampings[0] == pytest.approx(expected, rel=1e-12)


def test_curvature_that_is_not_finite_keeps_the_last_damping():
    model = network()
    optimizer = DampedAdam(model.parameters(), RATE)
    learner = learner_of(model, optimizer)
    learner.step()
    good, moments = optimizer.dampings, dict(learner.moments)
    kept = model[0].weight.detach().clone()
    with torch.no_grad():
        model[0].weight.fill_(torch.inf)
    with pytest.warns(RuntimeWarning, match="last damping is kept"):
        learner.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learner.step()
    assert learner.failures == 2
    assert (optimizer.dampings, learner.moments) == (good, moments)
    with torch.no_grad():
        model[0].weight.copy_(kept)
    learner.step()
    assert learner.failures == 2
    assert optimizer.dampings != good


def test_sets_the_damping_of_kfac():
    model = network()
    optimizer = KFAC(model, lr=RATE, damping=0.1)
    learner = learner_of(model, optimizer)
    step_of(model, optimizer, 0)
    expected = curvature_variance(operator_of(model), generator=seeded())
    learner.step()
    group = optimizer.param_groups[0]
    assert group["damping"] == pytest.approx(0.1 + expected.published_noise, rel=1e-12)
    step_of(model, optimizer, 1)
    assert group["lr"] == RATE


def test_leaves_model_and_random_state_alone():
    model = network()
    optimizer = DampedAdam(model.parameters(), RATE)
    step_of(model, optimizer, 0)
    gradients = [p.grad.clone() for p in model.parameters()]
    before, states = flat(model), (torch.get_rng_state(), np.random.get_state()[1][:9])
    learner_of(model, optimizer).step()
    assert torch.equal(flat(model), before)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (np.random.get_state()[1][:9] == states[1]).all()
    assert all(
        torch.equal(p.grad, g)
        for p, g in zip(model.parameters(), gradients, strict=True)
    )


def test_a_step_that_fails_leaves_the_base_rate_to_the_next():
    model = network()
    optimizer = DampedAdam(model.parameters(), RATE)
    learner = learner_of(model, optimizer)
    learner.step()

    def fails():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        optimizer.step(fails)
    step_of(model, optimizer, 0)
    assert optimizer.param_groups[0]["lr"] == RATE
    learner.detach()
    factor = learner.rate_factors[0]
    assert factor > 1
    before = flat(model)
    step_of(model, optimizer, 0)
    # without the learner, no coordinate moves further than about the base rate
    assert (flat(model) - before).abs().max() < 1.5 * RATE


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"interval": 0}, "interval"),
        ({"probes": 0}, "probes"),
        ({"batch_size": 0}, "batch_size"),
        ({"minibatches": 1}, "minibatches"),
        ({"minibatches": 5}, "minibatches"),
    ],
)
def test_refusals(options, name):
    model = network()
    with pytest.raises(ValueError, match=rf"^{name}: expected .*; change it$"):
        learner_of(model, DampedAdam(model.parameters()), **options)
    with pytest.raises((ValueError, TypeError), match="by"):  # types are checked here
        learner_of(model, DampedAdam(model.parameters()), by="layer")


def test_what_does_not_fit_is_refused():
    model = network()
    with pytest.raises(ValueError, match=r"^optimizer: expected .* 'damping' or 'eps'"):
        learner_of(model, torch.optim.SGD(model.parameters()))
    with pytest.raises(ValueError, match=r"^operator: expected a risk of all"):
        learner_of(model, DampedAdam(network().parameters()))
    small = operator_of(model, batch_size=48)
    with pytest.raises(ValueError, match=r"^probe set: expected .* minibatches of 48"):
        DampingLearner(
            DampedAdam(model.parameters()),
            PublishedDamping(),
            small,
            generator=seeded(),
        )
