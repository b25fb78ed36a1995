import numpy as np

from eigenscape.landscape.gan.survey import Phases
from eigenscape.landscape.gan.trained_losses import TrainedGans, loss_sweep
from eigenscape.report.figures.gan_training import least_losses_panel
from eigenscape.report.gan_training_view import arrange_gan_training
from eigenscape.report.pens import write_svg


def sweep(name, rng):
    values = np.array([0.1, 0.3, 0.9])
    theory = Phases(name, values, values, -values, -2 * values)
    return loss_sweep(theory, values, rng.random((3, 4, 2)) + 0.1, rng=rng)


def test_every_figure_is_drawn(tmp_path):
    rng = np.random.default_rng(0)
    found = TrainedGans("digits", 50, 16, 3, 2, sweep("σ", rng), sweep("κ", rng))
    figures = arrange_gan_training(found)
    names = [f.name for f in figures]
    assert names == [
        "trained-noise",
        "predicted-noise",
        "trained-fraction",
        "predicted-fraction",
    ]
    for figure in figures:
        write_svg(figure.panel, tmp_path / f"{figure.name}.svg")
    assert "mean and standard error of 4 runs" in figures[0].caption


def test_means_and_errors_are_shown():
    rng = np.random.default_rng(1)
    found = sweep("σ", rng)
    panel = least_losses_panel(found)
    single, mean, line = panel.series[:3]
    assert panel.x_log
    assert single.y.size == 12
    np.testing.assert_allclose(mean.y, found.discriminator.mean(axis=1))
    np.testing.assert_allclose(mean.errors, found.discriminator.std(axis=1, ddof=1) / 2)
    assert line.key == "discriminator"
