import copy
import math

import pytest
import torch
from torch import nn

from eigenscape.core import stream_seed
from eigenscape.training.adversarial import (
    AdversarialConfig,
    AdversarialPair,
    fit_adversarial,
)
from eigenscape.training.checkpoint import load_checkpoint
from eigenscape.training.models.dcgan import dcgan_discriminator, dcgan_generator

CONFIG = AdversarialConfig(3, 8, 1e-3)
IMAGES = torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(3)) * 2 - 1


def build(noise=1.5):
    own = torch.Generator().manual_seed(0)
    shape = {"side": 8, "width": 3, "channels": 1, "generator": own}
    maker, judge = dcgan_generator(latent=4, **shape), dcgan_discriminator(**shape)
    return AdversarialPair(maker, judge, 4, noise, 8)


def state(pair):
    both = (pair.generator, pair.discriminator)
    return [v for network in both for v in network.state_dict().values()]


def test_the_steps_are_those_of_the_published_loop():
    """Sigmoid, binary cross-entropy with labels, and two Adams, written out."""
    pair = build()
    maker, judge = copy.deepcopy(pair.generator), copy.deepcopy(pair.discriminator)
    found = fit_adversarial(pair, IMAGES, CONFIG, seed=7)
    loss, real, fake = nn.BCELoss(), torch.ones, torch.zeros
    makers, judges = (
        torch.optim.Adam(n.parameters(), lr=1e-3, betas=(0.5, 0.999))
        for n in (maker, judge)
    )
    losses = []
    for epoch in range(3):
        streams = (
            torch.Generator().manual_seed(stream_seed(7, "training", kind, epoch))
            for kind in ("order", "latent")
        )
        order, vectors = streams
        for chosen in torch.randperm(20, generator=order).split(8):
            size = len(chosen)
            latent = 1.5 * torch.randn(size, 4, 1, 1, generator=vectors)
            judges.zero_grad()
            own = loss(judge(IMAGES[chosen]).sigmoid(), real(size))
            made = maker(latent)
            own = own + loss(judge(made.detach()).sigmoid(), fake(size))
            own.backward()
            judges.step()
            makers.zero_grad()
            other = loss(judge(made).sigmoid(), real(size))
            other.backward()
            makers.step()
            losses.append((own.item(), other.item()))
    expected = torch.tensor(losses).T.double()
    # Adam divides by the root of small squares: rounding grows to 1e-4 in nine steps.
    torch.testing.assert_close(
        torch.from_numpy(found.discriminator), expected[0], atol=1e-4, rtol=0
    )
    torch.testing.assert_close(
        torch.from_numpy(found.generator), expected[1], atol=1e-4, rtol=0
    )
    assert abs(found.discriminator[0] - 2 * math.log(2)) < 0.1


class StoppedError(Exception):
    pass


def test_an_interrupted_run_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    place = tmp_path / "last.safetensors"
    whole, halves = build(), build()
    expected = fit_adversarial(whole, IMAGES, CONFIG, seed=1)
    made, calls = AdversarialPair.make, []

    def stopping(self, count, **options):
        calls.append(count)
        if len(calls) > 7:  # in the last of three epochs of three steps
            raise StoppedError
        return made(self, count, **options)

    monkeypatch.setattr(AdversarialPair, "make", stopping)
    with pytest.raises(StoppedError):
        fit_adversarial(halves, IMAGES, CONFIG, seed=1, name="a", checkpoint=place)
    monkeypatch.undo()
    assert load_checkpoint(place).epoch == 2
    fresh = build()
    found = fit_adversarial(fresh, IMAGES, CONFIG, seed=1, name="a", checkpoint=place)
    assert (found.discriminator == expected.discriminator).all()
    assert (found.generator == expected.generator).all()
    assert all(map(torch.equal, state(fresh), state(whole)))


def test_a_checkpoint_of_another_run_is_replaced(tmp_path):
    place = tmp_path / "last.safetensors"
    fit_adversarial(build(), IMAGES, CONFIG, seed=1, name="a", checkpoint=place)
    expected = fit_adversarial(build(), IMAGES, CONFIG, seed=2)
    found = fit_adversarial(build(), IMAGES, CONFIG, seed=2, name="b", checkpoint=place)
    assert (found.generator == expected.generator).all()
    assert load_checkpoint(place).name == "b"


def test_modes_and_the_global_state_stay():
    pair = build()
    pair.generator.eval()
    before = torch.random.get_rng_state()
    fit_adversarial(pair, IMAGES, AdversarialConfig(1, 20), seed=0)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not pair.generator.training
    assert pair.discriminator.training


def test_bad_arguments():
    with pytest.raises(ValueError, match="epochs: expected at least 1, got 0"):
        AdversarialConfig(0)
    with pytest.raises(ValueError, match="first_decay: expected a number in"):
        AdversarialConfig(first_decay=1.0)
    with pytest.raises(ValueError, match="training: expected finite losses"):
        fit_adversarial(build(math.nan), IMAGES, CONFIG, seed=0)
