import numpy as np
import pytest
import torch

from cifar_archives import batch, images
from eigenscape.experiments import gan_training
from eigenscape.experiments.experiment import (
    configure,
    execute,
    experiment_presets,
    find_experiment_preset,
)
from eigenscape.experiments.gan_training import (
    EXPERIMENT,
    GanTrainingConfig,
    SweepConfig,
    pixel_deviation,
    training_images,
)
from eigenscape.landscape.gan.survey import Phases
from half_runs import resumed

SMALLER = {
    "images": 30,
    "side": 8,
    "width": 8,
    "latent": 3,
    "noise": 10.0,
    "noises": {"least": 10.0, "greatest": 100.0, "count": 2},
    "fractions": {"least": 0.25, "greatest": 0.75, "count": 2},
    "training": {"epochs": 2, "batch_size": 10},
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    preset = find_experiment_preset("gan-training", "quick")
    config = configure(EXPERIMENT, preset, SMALLER)
    place = tmp_path_factory.mktemp("gans") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gan_training, "phases", told)
        run = execute(EXPERIMENT, config, place, acceptance=preset.acceptance)
    return run, place


def told(name, values, models):
    """What glasses were asked for; their lowest losses are tested elsewhere."""
    layers = np.array([float(m.discriminator_layers) for m in models])
    assert all(m.generator_layers == m.discriminator_layers for m in models)
    noises, shares = np.array([(m.noise, m.fraction) for m in models]).T
    return Phases(name, values, layers, -noises, -shares)


def test_every_run_is_there(outcome):
    found = outcome[0].result
    assert (found.layers, found.images, found.side) == (2, 30, 8)
    for sweep in (found.noises, found.fractions):
        assert sweep.discriminator.shape == sweep.generator.shape == (2, 2)
        assert (sweep.discriminator > 0).all()
        # Every run has weights of its own.
        assert np.unique(sweep.generator).size == 4
    assert found.noises.theory.values == pytest.approx([10.0, 100.0])
    assert len(list((outcome[1] / "runs").iterdir())) == 8


def test_shares_are_those_of_the_parameters(outcome):
    # At 8 × 8 the discriminator has 16w + 16w weights, the other 48w + 16w + 2w.
    expected = [32 * w / (32 * w + 66 * (8 - w)) for w in (2, 6)]
    sweep = outcome[0].result.fractions
    assert sweep.shares == pytest.approx(expected)
    # The glasses have the shares of parameters, not of widths.
    assert -sweep.theory.generator == pytest.approx(expected)
    assert (sweep.theory.discriminator == -10).all()
    assert (sweep.theory.total == 2).all()
    noises = outcome[0].result.noises
    assert -noises.theory.discriminator == pytest.approx([10.0, 100.0])


def test_the_deviation_of_all_pixels():
    pictures = torch.rand(7, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    exact = pictures.double().std(unbiased=False)
    assert pixel_deviation(pictures, 4) == pytest.approx(float(exact), rel=1e-12)


def test_colour_pictures_from_a_folder(tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    names = [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
    for seed, name in enumerate(names):
        pixels, labels = images(4, classes=10, seed=seed)
        (folder / name).write_bytes(batch(pixels, labels, key=b"labels"))
    config = GanTrainingConfig(folder=str(tmp_path), images=8)
    name, found = training_images(config)
    assert name.startswith("CIFAR-10")
    assert found.shape == (8, 3, 32, 32)
    # The extremes of all twenty are −1 and 1; the first eight are what the files hold.
    exact = torch.from_numpy(images(4, classes=10)[0]).view(4, 3, 32, 32) / 127.5 - 1
    torch.testing.assert_close(found[:4], exact, atol=0.02, rtol=0)


def test_a_killed_run_goes_on_to_the_same_bits(outcome, tmp_path):
    preset = find_experiment_preset("gan-training", "quick")
    config = configure(EXPERIMENT, preset, SMALLER)
    lost = ("noise-001-*", "fraction-000-001")
    first, second, made = resumed(
        EXPERIMENT, config, outcome[1], tmp_path / "half", lost=lost
    )
    assert first == second
    assert made == {"noise-001-000", "noise-001-001", "fraction-000-001"}


def test_the_paper_preset_is_the_published_setting(tmp_path):
    presets = experiment_presets("gan-training")
    assert list(presets) == ["quick", "paper"]
    config = configure(EXPERIMENT, presets["paper"], {})
    assert (config.side, config.width, config.latent) == (64, 128, 100)
    training = config.training
    assert (training.epochs, training.batch_size) == (50, 128)
    assert (training.learning_rate, training.first_decay) == (2e-4, 0.5)
    with pytest.raises(ValueError, match="folder: expected where the files of cifar"):
        execute(EXPERIMENT, config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"repeats": 1}, "repeats: expected at least 2"),
        (
            {"width": 8, "fractions": SweepConfig(0.1, 0.9, 5)},
            "fractions: expected both networks",
        ),
        (
            {"fractions": SweepConfig(0.1, 1.0, 5)},
            "fractions: expected both networks",
        ),
    ],
)
def test_bad_settings_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        GanTrainingConfig(**options)


@pytest.mark.parametrize("values", [(1.0, 0.1, 5), (0.0, 1.0, 5), (0.1, 0.9, 1)])
def test_bad_sweeps_are_refused(values):
    with pytest.raises(ValueError, match="sweep: expected 0 < least < greatest"):
        SweepConfig(*values)
