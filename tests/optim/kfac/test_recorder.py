"""What is recorded and what is not, and what is left on a model."""

import copy
import gc
import pickle
import random

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from eigenscape.optim.kfac.discovery import discover
from eigenscape.optim.kfac.recorder import Recorder
from eigenscape.optim.kfac.settings import FactorSettings


class Network(nn.Module):
    """A convolution, an in-place activation and a linear map used twice."""

    def __init__(self):
        super().__init__()
        self.maps = nn.Conv2d(1, 2, 2)
        self.twice = nn.Linear(8, 8)
        self.head = nn.Linear(8, 3, bias=False)

    def forward(self, images):
        hidden = functional.relu(self.maps(images), inplace=True).flatten(1)
        return self.head(self.twice(self.twice(input=hidden)).tanh())


def made(**options):
    torch.manual_seed(0)
    model = Network().double()
    settings = FactorSettings(**options)
    found = discover(model, set(model.parameters()), settings)
    recorder = Recorder(model, found, settings)
    recorder.active = True
    return model, found, recorder


def batch(count=6):
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(count, 1, 3, 3, generator=generator, dtype=torch.float64)
    return images, torch.arange(count) % 3


def loss_of(model, images, targets):
    return functional.cross_entropy(model(images), targets)


def contents(recorder):
    """The sums with their weights, as plain tensors."""
    return {
        layer.name: (sums.inputs, sums.gradients * recorder.terms(), sums.rows)
        for layer, sums in recorder.sums.items()
    }


def test_passes_without_gradients_of_parameters_are_not_recorded():
    model, _, recorder = made()
    images, targets = batch()
    with torch.no_grad():
        model(images)
    loss_of(model.eval(), images, targets)
    params = list(model.train().parameters())
    gradient = torch.autograd.grad(
        loss_of(model, images, targets), params, create_graph=True
    )
    norm = sum(part.square().sum() for part in gradient)
    torch.autograd.grad(norm, params)
    assert not recorder.sums
    loss_of(model, images, targets).backward()
    found = contents(recorder)
    other, _, alone = made()
    loss_of(other, images, targets).backward()
    torch.testing.assert_close(found, contents(alone), rtol=0, atol=0)


def test_nothing_is_recorded_between_measurements():
    model, _, recorder = made()
    recorder.active = False
    loss_of(model, *batch()).backward()
    assert not recorder.sums


def test_accumulated_passes_are_one_batch():
    model, _, recorder = made()
    images, targets = batch()
    loss_of(model, images, targets).backward()
    whole = contents(recorder)
    recorder.clear()
    for part in (slice(0, 3), slice(3, 6)):
        (loss_of(model, images[part], targets[part]) / 2).backward()
    torch.testing.assert_close(contents(recorder), whole)
    assert recorder.terms() == 6


def test_two_losses_of_one_pass_count_their_examples_once():
    model, _, recorder = made()
    images, targets = batch()
    output = model(images)
    functional.cross_entropy(output, targets).backward(retain_graph=True)
    output.square().mean().backward()
    assert recorder.terms() == 6


def test_a_layer_used_twice_has_the_rows_of_both_uses():
    model, found, recorder = made()
    images, targets = batch()
    loss_of(model, images, targets).backward()
    sums = recorder.sums[found.layers[1]]
    assert (sums.rows, sums.examples, sums.positions) == (12, 6, 12)
    seen = []

    def keep(_, inputs, output):
        output.retain_grad()
        seen.append((*inputs, output))

    handle = model.twice.register_forward_hook(
        lambda m, a, k, y: keep(m, [*a, *k.values()], y), with_kwargs=True
    )
    loss_of(model, images, targets).backward()
    handle.remove()
    a = torch.cat([torch.cat([x, x.new_ones(6, 1)], 1) for x, _ in seen]).detach()
    g = torch.cat([y.grad for _, y in seen])
    torch.testing.assert_close(2 * a.T @ a, sums.inputs[0])  # two passes by now
    torch.testing.assert_close(2 * g.T @ g, sums.gradients[0])


def test_tied_weights_are_one_layer():
    model = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4)).double()
    model[1].weight = model[0].weight
    settings = FactorSettings()
    found = discover(model, set(model.parameters()), settings)
    assert [layer.name for layer in found.layers] == ["0 = 1"]
    assert found.layers[0].bias is None
    recorder = Recorder(model, found, settings)
    recorder.active = True
    model(torch.randn(5, 4).double()).square().mean().backward()
    assert recorder.sums[found.layers[0]].rows == 10


def test_parts_of_a_model_can_be_called_alone():
    model, found, recorder = made()
    model.head(torch.randn(4, 8).double()).square().mean().backward()
    assert list(recorder.sums) == [found.layers[2]]
    assert recorder.terms() == 4


@pytest.mark.parametrize("reentrant", [True, False])
def test_checkpointed_passes_are_recorded_once(reentrant):
    model, _, recorder = made()
    images, targets = batch()
    loss_of(model, images, targets).backward()
    whole = contents(recorder)
    recorder.clear()
    images.requires_grad_()
    plain = model.forward
    model.forward = lambda x: checkpoint(plain, x, use_reentrant=reentrant)
    loss_of(model, images, targets).backward()
    torch.testing.assert_close(contents(recorder), whole)


def test_half_precision_activations_make_full_precision_factors():
    torch.manual_seed(0)
    model = Network()
    settings = FactorSettings()
    found = discover(model, set(model.parameters()), settings)
    recorder = Recorder(model, found, settings)
    recorder.active = True
    images, targets = batch()
    loss_of(model, images.float(), targets).backward()
    exact = contents(recorder)
    recorder.clear()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss_of(model, images.float(), targets)
    value.backward()
    for name, (a, g, _) in contents(recorder).items():
        assert a.dtype == g.dtype == torch.float32
        # bfloat16 has eight bits
        torch.testing.assert_close(a, exact[name][0], rtol=0.05, atol=0.3)
        torch.testing.assert_close(g, exact[name][1], rtol=0.05, atol=0.03)


def hooks_of(model):
    own = [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules()]
    return sum(own) + sum(
        len(p._post_accumulate_grad_hooks or ()) for p in model.parameters()
    )


@pytest.mark.parametrize("way", ["close", "end"])
def test_no_hooks_are_left(way):
    model, found, recorder = made()
    loss_of(model, *batch()).backward()
    assert hooks_of(model) > 0
    if way == "close":
        recorder.close()
        assert not recorder.attached
    before = random.getstate()
    del recorder, found
    gc.collect()
    assert hooks_of(model) == 0
    assert random.getstate() == before  # this may happen at any time, in any thread


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_copies_of_the_model_record_nothing(copied):
    model, _, recorder = made()
    twin = copied(model)
    loss_of(twin, *batch()).backward()
    assert not recorder.sums
    assert all(p.grad is not None for p in twin.parameters())
    loss_of(model, *batch()).backward()
    torch.testing.assert_close(
        [p.grad for p in twin.parameters()], [p.grad for p in model.parameters()]
    )


def test_inputs_live_no_longer_than_their_pass():
    model, _, recorder = made()
    images, targets = batch()
    params = list(model.parameters())
    for _ in range(3):
        torch.autograd.grad(loss_of(model, images, targets), params)
    kept = sum(len(arrivals) for arrivals in recorder._arrived.values())
    assert kept <= 4  # those of one pass, until the next
    loss_of(model, images, targets).backward()
    assert not any(recorder._arrived.values())
