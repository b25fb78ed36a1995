"""Speed and memory of the curvature engine, side by side with its peers.

Writes a page of Markdown. Needs the environment of the peers: ``make bench`` makes it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from statistics import median

import contestants
import memory
import torch
from command import write_page
from contestants import Call, Spectrum
from reference import Reference, flat
from table import Bar, Section, number
from timing import Race

import networks
from networks import Workload

OURS = "eigenscape"
DEFAULTS = "eigenscape, defaults"
PYHESSIAN = "PyHessian"
EIGENTHINGS = "hessian-eigenthings"
CURVLINOPS = "curvlinops"
EACH = "curvlinops, A @ v"
BLOCK = "curvlinops, A @ V"

TOLERANCE = 1e-4
COUNT = 5
SAME_NODE = 1e-4
PACKAGES = ("torch", "pyhessian", "hessian-eigenthings", "curvlinops-for-pytorch")
JOB_SHARE = 3
"""A job is long: it gets one round for so many of a product."""


def one_product(
    workload: Workload, bound: float, rounds: int, *, compiled: bool = True
) -> Section:
    vectors = workload.vectors(1)
    ours = {
        name: options
        for name, options in contestants.OUR_OPERATORS.items()
        if compiled or "compiled" not in options
    }
    entrants = {
        "gradient": partial(contestants.gradient, workload),
        **{
            name: partial(contestants.our_products, workload, vectors, **options)
            for name, options in ours.items()
        },
        PYHESSIAN: partial(contestants.pyhessian_product, workload, vectors),
        EIGENTHINGS: partial(contestants.eigenthings_products, workload, vectors),
        CURVLINOPS: partial(contestants.curvlinops_products, workload, vectors),
    }
    race = Race(entrants).run(rounds)
    bars = [
        Bar(
            f"one product, {workload.name}, {name}, in gradients",
            bound,
            race.ratio(name, "gradient"),
            faster=False,
        )
        for name in ours
    ]
    title = f"One product on one batch: {workload.name}"
    return _product_section(title, bars, race, entrants, workload, vectors)


def ten_products(workload: Workload, rounds: int) -> Section:
    vectors = workload.vectors(10)
    entrants = {
        "gradient": partial(contestants.gradient, workload),
        OURS: partial(contestants.our_products, workload, vectors),
        EIGENTHINGS: partial(contestants.eigenthings_products, workload, vectors),
        EACH: partial(contestants.curvlinops_products, workload, vectors),
        BLOCK: partial(contestants.curvlinops_block, workload, vectors),
    }
    race = Race(entrants).run(rounds)
    figure = f"ten products over five minibatches, {workload.name}, against"
    bars = [
        Bar(f"{figure} {EIGENTHINGS}", 1.4, race.ratio(EIGENTHINGS, OURS)),
        Bar(
            f"{figure} {EACH} (as its own Lanczos multiplies)",
            2.5,
            race.ratio(EACH, OURS),
        ),
    ]
    title = f"Ten products over five minibatches: {workload.name}"
    return _product_section(title, bars, race, entrants, workload, vectors)


def eigenpairs(workload: Workload, rounds: int) -> Section:
    goal = (workload, COUNT, TOLERANCE)
    entrants: dict[str, Callable[[], Call]] = {
        OURS: lambda: partial(contestants.our_eigenpairs, *goal, defaults=False),
        DEFAULTS: lambda: partial(contestants.our_eigenpairs, *goal, defaults=True),
        EIGENTHINGS: lambda: contestants.eigenthings_eigenpairs(*goal),
        f"{EIGENTHINGS}, last run only": lambda: contestants.eigenthings_last_run(
            *goal
        ),
        CURVLINOPS: lambda: partial(contestants.curvlinops_eigenpairs, *goal),
    }
    race = Race(entrants).run(_job_rounds(rounds))
    truth = Reference(workload)
    bar = Bar(
        "top five eigenpairs to a true residual of 1e-4, MLP, one run as the peers, "
        f"against {EIGENTHINGS}",
        3.5,
        race.ratio(EIGENTHINGS, OURS),
    )
    return _job_section(
        f"Top five eigenpairs: {workload.name}",
        [bar],
        race,
        entrants,
        "worst residual",
        lambda answer: number(truth.worst_residual(answer.rows), 2),
    )


def density(workload: Workload, rounds: int) -> Section:
    shape = (workload, 10, 50)
    entrants: dict[str, Callable[[], Call]] = {
        OURS: lambda: partial(contestants.our_density, *shape, defaults=False),
        DEFAULTS: lambda: partial(contestants.our_density, *shape, defaults=True),
        PYHESSIAN: lambda: partial(contestants.pyhessian_density, *shape),
    }
    title = "SLQ, 10 probes x 50 steps"
    rounds = _job_rounds(rounds)
    return _against_pyhessian(title, 1.7, workload, 10, entrants, rounds)


def hundred_steps(workload: Workload, rounds: int) -> Section:
    entrants: dict[str, Callable[[], Call]] = {
        OURS: lambda: partial(contestants.our_lanczos, workload, 100, defaults=False),
        DEFAULTS: lambda: partial(
            contestants.our_lanczos, workload, 100, defaults=True
        ),
        PYHESSIAN: lambda: partial(contestants.pyhessian_density, workload, 1, 100),
    }
    title = "Lanczos, 100 steps, full reorthogonalisation"
    rounds = _job_rounds(rounds)
    return _against_pyhessian(title, 1.15, workload, 1, entrants, rounds)


def peak_memory(rounds: int) -> Section:
    names = ("gradient", OURS, memory.KEPT, PYHESSIAN, EIGENTHINGS, CURVLINOPS)
    peaks: dict[str, float] = {}
    failures: dict[str, str] = {}
    for name in names:
        try:
            peaks[name] = median(memory.peak(name) for _ in range(_job_rounds(rounds)))
        except RuntimeError as error:
            failures[name] = f"fails: {error}"
    floor = peaks.get("gradient", math.nan)
    bound = round(peaks.get(EIGENTHINGS, math.nan) - floor, 1)
    bars = [
        Bar(
            f"peak memory of a product above the gradient's, ResNet-20, batch "
            f"{memory.IMAGES}, {name}, MiB",
            bound,
            round(peaks[name] - floor, 1) if name in peaks else None,
            faster=False,
        )
        for name in (OURS, memory.KEPT)
    ]
    rows = [
        (name, failures[name], "")
        if name in failures
        else (name, f"{peaks[name]:.1f}", f"{peaks[name] - floor:.1f}")
        for name in names
    ]
    header = ("contestant", "peak above the network, MiB", "above the gradient's")
    return Section("Peak memory of one product: ResNet-20", bars, header, rows)


def _against_pyhessian(
    title: str,
    bound: float,
    workload: Workload,
    probes: int,
    entrants: Mapping[str, Callable[[], Call]],
    rounds: int,
) -> Section:
    race = Race(entrants).run(rounds)
    largest = Reference(workload).largest()

    def quality(answer: Spectrum) -> str:
        error = answer.nodes.max() / largest - 1
        copies = (answer.nodes > (1 - SAME_NODE) * largest).sum()
        return f"{error:.1e}, {copies / probes:g}"

    figure = f"{title}, {workload.name}"
    bars = [
        Bar(f"{figure}, {promise}against {PYHESSIAN}", bound, race.ratio(PYHESSIAN, n))
        for n, promise in ((OURS, ""), (DEFAULTS, "with the self-check, "))
    ]
    return _job_section(
        figure, bars, race, entrants, "error of the top node, copies a probe", quality
    )


def _product_section(
    title: str,
    bars: list[Bar],
    race: Race,
    entrants: Mapping[str, Callable[[], Call]],
    workload: Workload,
    vectors: torch.Tensor,
) -> Section:
    truth = Reference(workload)
    count = vectors.shape[1]
    rows = []
    for name in entrants:
        if name in race.failures:
            rows.append((name, race.failures[name], "", ""))
            continue
        cost = race.ratio(name, "gradient")
        if name == "gradient":
            rows.append((name, number(race.median(name)), "1", ""))
            continue
        error = truth.product_error(flat(race.answers[name]), vectors)
        cost = None if cost is None else cost / count
        rows.append((
            name,
            number(race.median(name)),
            number(cost),
            number(error, 2),
        ))
    header = ("contestant", "seconds", "in gradients, each", "relative error")
    return Section(title, bars, header, rows)


def _job_section(
    title: str,
    bars: list[Bar],
    race: Race,
    entrants: Mapping[str, Callable[[], Call]],
    measure: str,
    quality: Callable[[Spectrum], str],
) -> Section:
    rows = []
    for name in entrants:
        if name in race.failures:
            rows.append((name, race.failures[name], "", "", ""))
            continue
        answer = race.answers[name]
        rows.append((
            name,
            number(race.median(name)),
            number(race.ratio(name, OURS)),
            str(answer.products),
            quality(answer),
        ))
    header = ("contestant", "seconds", "times ours", "products", measure)
    return Section(title, bars, header, rows)


def _job_rounds(rounds: int) -> int:
    return max(1, rounds // JOB_SHARE)


TASKS: dict[str, Callable[[int], Section]] = {
    "product-mlp": lambda n: one_product(networks.mlp(2000), 1.45, n),
    # compiling convolutions takes minutes and gains nothing on a processor
    "product-resnet": lambda n: one_product(
        networks.resnet(32), 2.3, n, compiled=False
    ),
    "product-gpt": lambda n: one_product(networks.gpt(16), 2.3, n),
    "block-mlp": lambda n: ten_products(networks.mlp(2000, batch_size=400), n),
    "block-gpt": lambda n: ten_products(networks.gpt(10, batch_size=2), n),
    "eigenpairs": lambda n: eigenpairs(networks.mlp(500), n),
    "density": lambda n: density(networks.mlp(250), n),
    "lanczos-mlp": lambda n: hundred_steps(networks.mlp(2000), n),
    "lanczos-gpt": lambda n: hundred_steps(networks.gpt(4), n),
    "memory": peak_memory,
}


def main() -> None:
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="Using backward")
    write_page(
        "curvature_speed",
        TASKS,
        "Speed and memory of the curvature engine, side by side with its peers",
        "",
        packages=PACKAGES,
        rounds=15,
        description=__doc__,
    )


if __name__ == "__main__":
    main()
