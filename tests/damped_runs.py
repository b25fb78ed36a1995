"""Planted runs of a damping study."""

from eigenscape.spectra.damping_study import DampedRun, DampingStudy


def planted_run(optimiser, damping, rate, seed, error, *, task="net"):
    """A run whose test error is one point above its validation error."""
    return DampedRun(
        task,
        optimiser,
        damping,
        rate,
        seed,
        0.1,
        error / 2,
        error,
        error + 0.01,
        damping,
    )


def planted_study():
    """Two tasks; SGD best at rate 0.2, damping best at δ = 0.1 and rate 0.2."""
    errors = {
        "SGD": {(0.0, 0.1): 0.3, (0.0, 0.2): 0.2, (0.0, 0.3): 0.4, (0.0, 0.4): 1.0},
        "published": {
            (0.1, 0.1): 0.25,
            (0.1, 0.2): 0.15,
            (1.0, 0.1): 0.35,
            (1.0, 0.2): 0.45,
        },
    }
    return DampingStudy(
        "planted",
        tuple(
            planted_run(name, *key, seed, error + 0.01 * seed, task=task)
            for task in ("net", "other net")
            for name, own in errors.items()
            for key, error in own.items()
            for seed in range(3)
        ),
    )
