"""Accuracy and speed of the theory engine, side by side with its peers.

Writes a page of Markdown. Needs the environment of the theory peers, of
theory-peers-requirements.txt.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from statistics import median

import numpy as np
import theory_contestants as contestants
import theory_truth as truth
from command import write_page
from table import Bar, Section, number
from theory_contestants import Call
from timing import Race

from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.kesten_mckay import KestenMcKay
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle

PACKAGES = (
    "numpy",
    "scipy",
    "freealg",
    "rmtool",
    "scikit-rmt",
    "TracyWidom",
    "beta-ensembles",
    "empyricalRMT",
)
OURS = "eigenscape"
FREEALG = "freealg, default"
FREEALG_FINE = "freealg, η = 1e-12"
RMTOOL = "rmtool"
POINTS = 1000
JOB_SHARE = 5
"""A job is long: it gets one round for so many of a table's."""

Entrants = Mapping[str, Callable[[], Call]]


def semicircle_plus_wishart(rounds: int) -> Section:
    x = np.linspace(-1.5, 3.8, POINTS)
    entrants: Entrants = {
        OURS: lambda: contestants.our_sum(Semicircle(1.0), MarchenkoPastur(0.5), x),
        FREEALG: lambda: contestants.freealg_wishart_sum(x, 0.5, None),
        FREEALG_FINE: lambda: contestants.freealg_wishart_sum(x, 0.5, 1e-12),
        RMTOOL: lambda: contestants.rmtool_wishart_sum(x, 0.5),
    }
    exact = truth.semicircle_plus_wishart(x, 0.5)
    title = "Semicircle(1) ⊞ Marchenko–Pastur(1/2)"
    return densities(title, 1e-14, 6e-3, entrants, exact, rounds)


def kesten_mckay_plus_semicircle(rounds: int) -> Section:
    x = np.linspace(-3.1, 3.1, POINTS)
    entrants: Entrants = {
        OURS: lambda: contestants.our_sum(KestenMcKay(3), Semicircle(1.0), x),
        RMTOOL: lambda: contestants.rmtool_kesten_mckay_sum(x, 3),
    }
    exact = truth.kesten_mckay_plus_semicircle(x, 3)
    title = "Kesten–McKay(3) ⊞ semicircle(1)"
    return densities(title, 1e-14, 6e-3, entrants, exact, rounds)


def two_atoms_plus_semicircle(rounds: int) -> Section:
    place = 1.001
    atoms = Discrete(np.array([-place, place]), np.full(2, 0.5))
    x = np.linspace(-2.7, 2.7, POINTS)
    entrants: Entrants = {
        OURS: lambda: contestants.our_sum(atoms, Semicircle(1.0), x),
        FREEALG: lambda: contestants.freealg_deformed_wigner(x, atoms, None),
        FREEALG_FINE: lambda: contestants.freealg_deformed_wigner(x, atoms, 1e-12),
        RMTOOL: lambda: contestants.rmtool_atoms_sum(x, atoms),
    }
    exact = truth.two_atoms_plus_semicircle(x, place)
    title = "Two atoms at ±1.001 ⊞ semicircle(1), gap 6.9e-5"
    return densities(title, 1e-14, 6e-3, entrants, exact, rounds)


def wishart_times_atoms(gap: float, bound: float, rounds: int) -> Section:
    places = truth.atoms_with_gap(gap)
    lower, upper, width = truth.gap_edges(places)
    atoms = Discrete(np.array(places), np.full(5, 0.2))
    wide = np.linspace(0.7, 31, POINTS - 200)
    x = np.append(wide, np.linspace(lower - 10 * width, upper + 10 * width, 200))
    ratio = truth.RATIO
    entrants: Entrants = {
        OURS: lambda: contestants.our_product(MarchenkoPastur(ratio), atoms, x),
        FREEALG: lambda: contestants.freealg_deformed_wishart(x, atoms, ratio, None),
        FREEALG_FINE: lambda: contestants.freealg_deformed_wishart(
            x, atoms, ratio, 1e-12
        ),
        RMTOOL: lambda: contestants.rmtool_atoms_product(x, atoms, ratio),
    }
    exact = truth.wishart_times_atoms(x, places)
    title = f"Marchenko–Pastur(0.05) ⊠ five atoms, gap {gap:g}"
    return densities(title, bound, 8e-3, entrants, exact, rounds)


def edges(gap: float, bound: float, rounds: int) -> Section:
    places = truth.atoms_with_gap(gap)
    _, upper, width = truth.gap_edges(places)
    atoms = Discrete(np.array(places), np.full(5, 0.2))
    law = MarchenkoPastur(truth.RATIO)
    entrants: Entrants = {
        OURS: lambda: contestants.our_product_support(law, atoms),
        FREEALG: lambda: contestants.freealg_support(atoms, truth.RATIO),
    }

    def error(support: np.ndarray) -> float:
        # Of the gap whose upper end is nearest to the true one.
        gaps = np.column_stack([support[:-1, 1], support[1:, 0]])
        nearest = gaps[np.argmin(np.abs(gaps[:, 1] - upper))]
        if abs(nearest[1] - upper) > 1e3 * width:
            return np.inf  # not found
        return abs((nearest[1] - nearest[0]) / width - 1)

    title = f"Edges of Marchenko–Pastur(0.05) ⊠ five atoms, gap {gap:g}"
    race = Race(entrants).run(rounds, warmed=True)
    return section(
        title, bound, 3e-3, race, entrants, error, "error of the gap's width"
    )


def many_atoms_plus_semicircle(rounds: int) -> Section:
    places = np.sort(np.random.default_rng(3).standard_normal(4000))
    law, variance = Discrete.empirical(places), 0.01
    x = np.linspace(-3.5, 3.5, POINTS)
    entrants: Entrants = {
        OURS: lambda: contestants.our_sum(law, Semicircle(variance), x)
    }
    race = Race(entrants).run(job_rounds(rounds), warmed=True)

    def error(density: np.ndarray) -> float:
        # Forty points of the bulk; the root above the axis is the only one (Biane).
        some = np.flatnonzero(density > 1e-3)[:: POINTS // 40]
        g = contestants.our_transform(law, Semicircle(variance), x[some])
        exact = truth.many_atoms_plus_semicircle(
            x[some], places, variance, x[some] - variance * g
        )
        return float(np.abs(density[some] - exact).max())

    title = "4000 atoms ⊞ semicircle(0.01)"
    return section(title, 1e-13, 0.3, race, entrants, error, "largest error")


def tracy_widom(beta: int, rounds: int) -> Section:
    x = np.linspace(-8, 6, POINTS)
    some = np.arange(50, POINTS, 160)
    entrants: Entrants = {
        OURS: lambda: contestants.our_tracy_widom(x, beta),
        "TracyWidom": lambda: contestants.tracywidom_cdf(x, beta),
        "scikit-rmt": lambda: contestants.scikit_rmt_cdf(x, beta),
    }
    race = Race(entrants).run(rounds, warmed=True)
    exact = truth.tracy_widom(x[some], beta)

    def error(values: np.ndarray) -> float:
        return float(np.abs(values[some] - exact).max())

    title = f"Tracy–Widom distribution function, β = {beta}"
    return section(title, 1e-13, 1e-3, race, entrants, error, "largest error")


def beta_spectrum(rounds: int) -> Section:
    size = 4000
    entrants: Entrants = {
        OURS: lambda: contestants.our_spectrum(1.0, size),
        "beta-ensembles": lambda: contestants.beta_ensembles_spectrum(1.0, size),
        "scikit-rmt": lambda: contestants.scikit_rmt_spectrum(1, size),
        "empyricalRMT": lambda: contestants.empyricalrmt_spectrum(size),
    }
    race = Race(entrants).run(max(1, rounds // JOB_SHARE**2))

    def error(values: np.ndarray) -> float:
        x = np.clip(np.sort(values), -1, 1)
        below = 0.5 + (x * np.sqrt(1 - x**2) + np.arcsin(x)) / np.pi
        steps = np.arange(size + 1) / size
        return float(max((steps[1:] - below).max(), (below - steps[:-1]).max()))

    title = "Spectrum of the Gaussian β-ensemble, β = 1, size 4000"
    measure = "Kolmogorov distance to the semicircle"
    return section(title, None, 1.0, race, entrants, error, measure)


def pencil(rounds: int) -> Section:
    x = np.linspace(-4, 4, POINTS)
    entrants: Entrants = {
        OURS: lambda: contestants.our_pencil(x),
        "averaged Picard, η = 1e-4": lambda: contestants.picard_pencil(x, 1e-4, 2000),
    }
    race = Race(entrants).run(max(1, rounds // JOB_SHARE**2))
    some = np.arange(5, POINTS, 25)
    starts = contestants.our_pencil_spectrum().resolvent(x[some])
    exact = truth.dyson_density(x[some], contestants.PENCIL, starts)

    def error(values: np.ndarray) -> float:
        return float(np.abs(values[some] - exact).max())

    title = "Pencil of two semicirculars with 2 × 2 coefficients"
    return section(title, 1e-14, None, race, entrants, error, "largest error")


def anticommutator(rounds: int) -> Section:
    x = np.linspace(-3.5, 3.5, POINTS)
    law = Semicircle(1.0)
    entrants: Entrants = {OURS: lambda: contestants.our_anticommutator(law, law, x)}
    exact = truth.anticommutator(x)
    title = "XY + YX of two semicirculars"
    return densities(title, 1e-14, None, entrants, exact, job_rounds(rounds))


def densities(
    title: str,
    bound: float,
    seconds: float | None,
    entrants: Entrants,
    exact: np.ndarray,
    rounds: int,
) -> Section:
    race = Race(entrants).run(rounds, warmed=True)

    def error(density: np.ndarray) -> float:
        return float(np.abs(density - exact).max())

    return section(title, bound, seconds, race, entrants, error, "largest error")


def section(
    title: str,
    bound: float | None,
    seconds: float | None,
    race: Race,
    entrants: Entrants,
    error: Callable[[np.ndarray], float],
    measure: str,
) -> Section:
    errors = {name: error(np.asarray(answer)) for name, answer in race.answers.items()}
    bars = []
    if bound is not None:
        figure = f"{title}: {measure}"
        bars.append(Bar(figure, bound, errors.get(OURS), faster=False))
    if seconds is not None:
        figure = f"{title}: seconds"
        bars.append(Bar(figure, seconds, race.median(OURS), faster=False))
    rows = [
        (name, race.failures[name], "", "")
        if name in race.failures
        else (
            name,
            number(race.median(name)),
            number(race.ratio(name, OURS)),
            number(errors[name], 2),
        )
        for name in entrants
    ]
    header = ("contestant", "seconds", "times ours", measure)
    return Section(title, bars, header, rows)


def importing(rounds: int) -> Section:
    code = (
        "import time, sys; begin = time.process_time(); import eigenscape.theory; "
        "print(time.process_time() - begin, 'torch' in sys.modules)"
    )

    def once() -> tuple[float, bool]:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        seconds, torch = done.stdout.split()
        return float(seconds), torch == "True"

    runs = [once() for _ in range(job_rounds(rounds) + 1)][1:]
    seconds = median(run[0] for run in runs)
    title = "Import of eigenscape.theory, NumPy and SciPy included"
    bars = [Bar(f"{title}: seconds", 1.0, seconds, faster=False)]
    loaded = "yes" if any(run[1] for run in runs) else "no"
    return Section(
        title, bars, ("seconds", "torch loaded"), [(number(seconds), loaded)]
    )


def job_rounds(rounds: int) -> int:
    return max(1, rounds // JOB_SHARE)


TASKS: dict[str, Callable[[int], Section]] = {
    "semicircle-wishart": semicircle_plus_wishart,
    "kesten-mckay": kesten_mckay_plus_semicircle,
    "two-atoms": two_atoms_plus_semicircle,
    "product-1e-2": partial(wishart_times_atoms, 1e-2, 1e-13),
    "product-1e-5": partial(wishart_times_atoms, 1e-5, 1e-12),
    "edges-1e-2": partial(edges, 1e-2, 1e-10),
    "edges-1e-5": partial(edges, 1e-5, 1e-10),
    "many-atoms": many_atoms_plus_semicircle,
    **{f"tracy-widom-{beta}": partial(tracy_widom, beta) for beta in (1, 2, 4)},
    "spectrum": beta_spectrum,
    "pencil": pencil,
    "anticommutator": anticommutator,
    "import": importing,
}


def main() -> None:
    write_page(
        "theory_speed",
        TASKS,
        "Accuracy and speed of the theory engine, side by side with its peers",
        f"There are {POINTS} points a task; errors are absolute, against roots and "
        "determinants of 40 digits.",
        packages=PACKAGES,
        rounds=25,
        description=__doc__,
    )


if __name__ == "__main__":
    main()
