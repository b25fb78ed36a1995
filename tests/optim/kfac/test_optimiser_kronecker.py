"""What the three optimisers promise beyond the contract of optimisers."""

import copy
import io
import pickle

import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.optim.kfac import EKFAC, KFAC, DampedKFAC, FactorSettings

QUICK = {"factor_interval": 2, "eigen_interval": 4}


class Transformer(nn.Module):
    """Tokens, attention, a convolution and norms: all kinds of parameters."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.tokens = nn.Embedding(7, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True, dropout=0.1)
        self.norm = nn.LayerNorm(8)
        self.maps = nn.Conv1d(8, 8, 3, padding=1, groups=2)
        self.head = nn.Linear(8, 7)

    def forward(self, tokens):
        hidden = self.tokens(tokens)
        hidden = self.norm(hidden + self.attention(hidden, hidden, hidden)[0])
        return self.head(self.maps(hidden.mT).mT.relu().mean(1))


def batch(index):
    generator = torch.Generator().manual_seed(index)
    targets = torch.randint(7, (6,), generator=generator)
    tokens = torch.randint(7, (6, 5), generator=generator)
    tokens[:, :3] = targets[:, None]
    return tokens, targets


def build(kind, model, **options):
    settings = QUICK | options.pop("settings", {})
    if settings.get("fisher") == "sampled":
        options |= {"loss": functional.cross_entropy}
        options |= {"generator": torch.Generator().manual_seed(5)}
    options = {"lr": 0.1, "damping": 0.01, "kl_clip": 0.1} | options
    return kind(model, settings=FactorSettings(**settings), **options)


def train(model, optimiser, steps, first=0):
    for index in range(first, first + steps):
        torch.manual_seed(index)
        tokens, targets = batch(index)
        optimiser.zero_grad()
        output = model(tokens)
        if optimiser.settings.fisher == "sampled":
            optimiser.sample(output, targets)
        value = functional.cross_entropy(output, targets)
        value.backward()
        optimiser.step()
    return value.item()


def values(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


VARIANTS = {
    "KFAC": (KFAC, {}),
    "KFAC, factored": (KFAC, {"settings": {"form": "factored"}, "damping": 0.1}),
    "KFAC, sampled": (KFAC, {"settings": {"fisher": "sampled"}}),
    "KFAC, reduced": (KFAC, {"settings": {"sharing": "reduce"}, "weight_decay": 0.01}),
    "KFAC, gradients": (KFAC, {"settings": {"others": "gradient"}, "momentum": 0.0}),
    "EKFAC": (EKFAC, {}),
    "DampedKFAC": (DampedKFAC, {"by": "factor"}),
}
EVERY = pytest.mark.parametrize("name", VARIANTS)


@EVERY
def test_a_transformer_is_trained_and_resumed_bit_for_bit(name):
    kind, options = VARIANTS[name]
    model = Transformer()
    optimiser = build(kind, model, **options)
    begun = train(model, optimiser, 1)
    straight = train(model, optimiser, 39, first=1)
    assert straight < 0.7 * begun
    broken, file = Transformer(), io.BytesIO()
    stopped = build(kind, broken, **options)
    train(broken, stopped, 13)
    torch.save([broken.state_dict(), stopped.state_dict()], file)
    file.seek(0)
    weights, state = torch.load(file, weights_only=True)
    resumed = Transformer()
    resumed.load_state_dict(weights)
    other = build(kind, resumed, **options | {"lr": 0.5, "damping": 3.0})
    other.load_state_dict(state)
    train(resumed, other, 27, first=13)
    torch.testing.assert_close(values(model), values(resumed), rtol=0, atol=0)


@pytest.mark.parametrize("clipped", [False, True])
@pytest.mark.parametrize("fisher", ["empirical", "sampled"])
def test_scaled_losses_have_the_same_factors(clipped, fisher):
    """A scale of a power of two changes no digit, unscaled by whom it may be."""
    models = []
    for scaled in (False, True):
        model = Transformer()
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**9, enabled=scaled)
        optimiser = build(KFAC, model, settings={"fisher": fisher}, grad_scaler=scaler)
        for index in range(6):
            torch.manual_seed(index)
            tokens, targets = batch(index)
            optimiser.zero_grad()
            output = model(tokens)
            if fisher == "sampled":
                optimiser.sample(output, targets)
            scaler.scale(functional.cross_entropy(output, targets)).backward()
            if clipped:
                scaler.unscale_(optimiser)
                nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            scaler.step(optimiser)
            scaler.update()
        models.append(model)
    torch.testing.assert_close(*map(values, models), rtol=0, atol=0)


def test_a_scale_that_cannot_be_known_is_said():
    model = Transformer()
    optimiser = build(KFAC, model)
    scaler = torch.amp.GradScaler("cpu")
    tokens, targets = batch(0)
    scaler.scale(functional.cross_entropy(model(tokens), targets)).backward()
    scaler.unscale_(optimiser)
    with pytest.raises(ValueError, match=r"^grad_scaler: expected the scaler[^\n]+$"):
        scaler.step(optimiser)


def test_a_skipped_step_is_measured_again():
    plain, model = Transformer(), Transformer()
    train(plain, build(KFAC, plain), 3)
    optimiser = build(KFAC, model)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**4)
    tokens, targets = batch(0)
    scaler.scale(functional.cross_entropy(model(tokens), targets)).backward()
    model.head.weight.grad.fill_(torch.inf)
    scaler.step(optimiser)
    train(model, optimiser, 3)
    torch.testing.assert_close(values(plain), values(model), rtol=0, atol=0)


def test_curvature_that_is_not_finite_is_left_out_and_counted():
    model = nn.Linear(3, 2)
    optimiser = build(KFAC, model, settings={"factor_interval": 1})

    def once(inputs):
        optimiser.zero_grad()
        model(inputs).square().mean().backward()
        model.weight.grad.nan_to_num_(0, 0, 0)
        optimiser.step()

    once(torch.ones(4, 3))
    with pytest.warns(UserWarning, match="curvature not finite at step 1"):
        once(torch.full((4, 3), 1e30))
    once(torch.full((4, 3), 1e30))
    assert optimiser.skipped == 2
    state = optimiser.state_dict()["curvature"]["layers"][""]
    assert state["inputs"]["updates"] == 1
    assert state["inputs"]["mean"].isfinite().all()


def test_probing_the_curvature_between_steps_changes_nothing():
    plain, probed = Transformer(), Transformer()
    train(plain, build(KFAC, plain), 6)
    optimiser = build(KFAC, probed)
    params = list(probed.parameters())
    for index in range(6):
        tokens, targets = batch(50)
        value = functional.cross_entropy(probed(tokens), targets)
        first = torch.autograd.grad(value, params, create_graph=True)
        torch.autograd.grad(sum(g.square().sum() for g in first), params)
        train(probed, optimiser, 1, first=index)
    torch.testing.assert_close(values(plain), values(probed), rtol=0, atol=0)


def test_groups_have_their_own_rate_damping_and_decay():
    """Layer by layer as with one optimiser each; without the bound on all together."""
    together, apart = Transformer(), Transformer()
    options = {"kl_clip": None, "momentum": 0.5, "weight_decay": 0.1}
    rates = {"head": (0.05, 0.1), "maps": (0.2, 0.01)}
    groups = [
        {"params": list(getattr(together, n).parameters()), "lr": r, "damping": d}
        for n, (r, d) in rates.items()
    ]
    optimiser = build(KFAC, together, params=groups, **options)
    several = [
        build(
            KFAC, apart, params=list(getattr(apart, n).parameters()), lr=r, damping=d,
            **options,
        )
        for n, (r, d) in rates.items()
    ]  # fmt: skip
    train(together, optimiser, 8)
    for index in range(8):
        torch.manual_seed(index)
        tokens, targets = batch(index)
        apart.zero_grad()
        functional.cross_entropy(apart(tokens), targets).backward()
        for one in several:
            one.step()
    torch.testing.assert_close(values(together), values(apart), rtol=0, atol=0)


def test_unknown_modules_are_named_once_and_divided_by_their_squares():
    model = nn.ModuleDict({"gru": nn.GRU(2, 3, batch_first=True)})
    with pytest.warns(UserWarning, match=r"no Kronecker factors for gru \(GRU\)"):
        optimiser = build(
            KFAC, model["gru"] and model, momentum=0.0, kl_clip=None, damping=0.5,
            settings={"start": "mean"},
        )  # fmt: skip
    assert optimiser.unknown == ("gru (GRU)",)
    before = values(model)
    model["gru"](torch.ones(4, 2, 2))[0].square().mean().backward()
    optimiser.step()
    for name, parameter in model.named_parameters():
        # one example is known where the model itself is not called
        expected = before[name] - 0.1 * parameter.grad / (parameter.grad**2 + 0.5)
        torch.testing.assert_close(parameter.detach(), expected)


def test_the_bound_is_on_the_predicted_change():
    model = nn.Linear(3, 2, bias=False).double()
    optimiser = build(KFAC, model, momentum=0.0, kl_clip=1e-4, damping=1e-3)
    before = model.weight.detach().clone()
    model(torch.ones(4, 3).double()).square().mean().backward()
    optimiser.step()
    moved = before - model.weight.detach()
    share = ((moved * model.weight.grad).sum() * 0.1) / 1e-4  # ν η² v·g / κ with ν < 1
    other = nn.Linear(3, 2, bias=False).double()
    other.weight.data.copy_(before)
    free = build(KFAC, other, momentum=0.0, kl_clip=None, damping=1e-3)
    other(torch.ones(4, 3).double()).square().mean().backward()
    free.step()
    ratio = (before - other.weight.detach()).norm() / moved.norm()
    torch.testing.assert_close(share, ratio)  # ν = κ / (ν η² v·g)
    assert ratio > 1


BAD = {
    "damping": {"damping": -1.0},
    "lr": {"lr": float("nan")},
    "momentum": {"momentum": 1.0},
    "weight_decay": {"weight_decay": -1.0},
    "kl_clip": {"kl_clip": 0.0},
    "loss, generator": {"settings": FactorSettings(fisher="sampled")},
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arguments_in_one_line(name):
    with pytest.raises(ValueError, match=rf"^{name}: expected [^\n]+$"):
        KFAC(nn.Linear(2, 2), **BAD[name])


def test_sampling_is_asked_for_and_refused_in_one_line():
    model = nn.Linear(2, 2)
    optimiser = build(KFAC, model)
    with pytest.raises(ValueError, match=r"^sample: expected settings.fisher[^\n]+$"):
        optimiser.sample(model(torch.ones(1, 2)), torch.zeros(1, dtype=torch.long))
    optimiser = build(KFAC, model, settings={"fisher": "sampled"})
    model(torch.ones(1, 2)).sum().backward()
    with pytest.raises(ValueError, match=r"^sample: expected a call before[^\n]+$"):
        optimiser.step()
    optimiser = KFAC(
        model, loss=functional.l1_loss, generator=torch.Generator(),
        settings=FactorSettings(fisher="sampled"),
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"^loss: expected torch's[^\n]+$"):
        optimiser.sample(model(torch.ones(1, 2)), torch.zeros(1, 2))


def test_a_state_of_another_network_is_refused():
    state = build(KFAC, nn.Sequential(nn.Linear(2, 2))).state_dict()
    with pytest.raises(ValueError, match=r"^state_dict: expected factors[^\n]+$"):
        build(KFAC, nn.Linear(2, 2)).load_state_dict(state)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_copies_are_refused_in_one_line(copied):
    """A copy would listen to no model, or to this one twice."""
    with pytest.raises(TypeError, match=r"^KFAC: expected no copy [^\n]+$"):
        copied(build(KFAC, nn.Linear(2, 2)))


def test_a_closed_optimiser_steps_with_its_last_factors():
    model = Transformer()
    with build(KFAC, model) as optimiser:
        train(model, optimiser, 3)
    before = optimiser.state_dict()["curvature"]["layers"]["head"]
    train(model, optimiser, 3, first=3)
    after = optimiser.state_dict()["curvature"]["layers"]["head"]
    torch.testing.assert_close(before["inputs"]["mean"], after["inputs"]["mean"])
    assert "forward" not in model.attention.__dict__
