"""Training steps with Kronecker factors, side by side; writes results/kfac_speed.md."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median

import kfac_contestants as contestants
import torch
from kfac_contestants import Kind, Step
from table import ROOT, Bar, Section, number, page
from timing import Race

import networks
from eigenscape.optim.kfac import EKFAC, KFAC, DampedKFAC
from networks import Workload

FLOOR = "momentum alone"
DAMPED = "DampedKFAC"
FACTORED = "DampedKFAC, factored"
UNBOUNDED = "DampedKFAC, factored, steps not bounded"
REFERENCE = "KFAC-Pytorch"
ASDL, SINGD, NNGEOMETRY = "asdfghjkl", "singd", "nngeometry"
PACKAGES = ("torch", ASDL, SINGD, NNGEOMETRY)
WEIGHTS: dict[Kind, float] = {"plain": 0.9, "factors": 0.09, "inverses": 0.01}
"""Of a hundred steps, ten update the factors and one of these inverts them too."""

BUILD: dict[str, Callable[[Workload], Step]] = {
    FLOOR: contestants.descent,
    DAMPED: partial(contestants.ours, optimiser=DampedKFAC),
    FACTORED: partial(contestants.ours, optimiser=DampedKFAC, form="factored"),
    UNBOUNDED: partial(
        contestants.ours, optimiser=DampedKFAC, form="factored", kl_clip=None
    ),
    "KFAC, published": partial(
        contestants.ours, optimiser=KFAC, sharing="published", others="gradient"
    ),
    "EKFAC": partial(contestants.ours, optimiser=EKFAC),
    ASDL: contestants.asdl,
    SINGD: contestants.singd,
    NNGEOMETRY: contestants.nngeometry,
}

DAMPINGS = {
    DAMPED: "product",
    FACTORED: "factored",
    UNBOUNDED: "factored",
    "KFAC, published": "product",
    "EKFAC": "corrected eigenvalues",
    REFERENCE: "product",
    ASDL: "factored",
    SINGD: "none to invert",
    NNGEOMETRY: "factored",
}

PEERS: dict[str, tuple[str, ...]] = {
    DAMPED: (REFERENCE, SINGD),
    UNBOUNDED: (ASDL, NNGEOMETRY),
}
"""Against whom each is held first: those of the same damping, which bound their steps
as it does or do not, and the inverse-free one; the rest of the bars are crosswise."""


class Steps:
    """The times of all contestants, kind by kind and round by round."""

    def __init__(
        self,
        workload: Workload,
        entrants: Mapping[str, Callable[[Workload], Step]],
        rounds: int,
    ) -> None:
        self.names = list(entrants)
        self.failures: dict[str, str] = {}
        built: dict[str, Step] = {}
        for name, make in entrants.items():
            try:
                built[name] = make(workload)
                for kind in ("inverses", "factors", "plain"):
                    built[name](kind)
            except Exception as error:
                built.pop(name, None)
                reason = " ".join(str(error).split())[:100]
                self.failures[name] = f"fails: {type(error).__name__}: {reason}"
        self.races: dict[Kind, Race] = {}
        for kind in WEIGHTS:
            good = [name for name in built if name not in self.failures]
            turns = {name: partial(partial, built[name], kind) for name in good}
            self.races[kind] = Race(turns).run(rounds, warmed=kind == "plain")
            self.failures |= self.races[kind].failures

    def each(self, name: str) -> list[float]:
        """Seconds a step over a hundred steps, one for each round."""
        kinds = [(self.races[kind].seconds[name], w) for kind, w in WEIGHTS.items()]
        times = zip(*(seconds for seconds, _ in kinds), strict=True)
        weights = [weight for _, weight in kinds]
        return [sum(w * t for w, t in zip(weights, own, strict=True)) for own in times]

    def ratio(self, slow: str, fast: str) -> float | None:
        if slow not in self.names or {slow, fast} & set(self.failures):
            return None
        pairs = zip(self.each(slow), self.each(fast), strict=True)
        return median(a / b for a, b in pairs)


def section(
    title: str,
    workload: Workload,
    entrants: Mapping[str, Callable[[Workload], Step]],
    rounds: int,
) -> Section:
    steps = Steps(workload, entrants, rounds)
    everyone = (REFERENCE, ASDL, SINGD, NNGEOMETRY)
    pairs = [(own, peer) for own, peers in PEERS.items() for peer in peers]
    pairs += [(own, p) for own in (DAMPED, FACTORED) for p in everyone]
    bars = [
        Bar(f"step of {own} against {peer}, {title}", 1.0, steps.ratio(peer, own))
        for own, peer in dict.fromkeys(pairs)
    ]
    rows = []
    for name in entrants:
        damping = DAMPINGS.get(name, "")
        if name in steps.failures:
            rows.append((name, damping, steps.failures[name], "", "", "", ""))
            continue
        kinds = [number(steps.races[kind].median(name)) for kind in WEIGHTS]
        whole = median(steps.each(name))
        share = number(steps.ratio(name, DAMPED))
        rows.append((name, damping, *kinds, number(whole), share))
    header = (
        "contestant",
        "damping",
        "plain step, s",
        "with factors",
        "with inverses",
        "mean of a hundred",
        "times DampedKFAC",
    )
    return Section(title, bars, header, rows)


TASKS: dict[str, tuple[str, Callable[[], Workload], int]] = {
    "mlp": ("MLP, batch 128", lambda: networks.mlp(128), 1),
    "resnet": ("ResNet-20, batch 32", lambda: networks.resnet(32), 3),
}
"""For each task its title, its workload, and by what its rounds are divided."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--kfac-pytorch",
        type=Path,
        help="folder of a checkout of alecwangcq/KFAC-Pytorch, which is no package",
    )
    default = ROOT / "benchmarks" / "results" / "kfac_speed.md"
    parser.add_argument("--out", type=Path, default=default)
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    entrants = dict(BUILD)
    if options.kfac_pytorch is not None:
        build = partial(contestants.kfac_pytorch, folder=options.kfac_pytorch)
        entrants[REFERENCE] = build
    sections = []
    for task in options.tasks:
        title, workload, share = TASKS[task]
        rounds = max(1, options.rounds // share)
        sections.append(section(title, workload(), entrants, rounds))
        print("\n".join(bar.line() for bar in sections[-1].bars), flush=True)
        print("\n".join(sections[-1].lines()), flush=True)
    title = "Training steps with Kronecker factors, side by side with other packages"
    made = (
        f"Made by `benchmarks/kfac_speed.py --rounds {options.rounds}`. A step is a "
        "whole training step: forward, backward and the optimiser's; factors are "
        "updated every 10 steps and inverted or decomposed every 100. What a learner "
        "of the damping measures is not part of it."
    )
    options.out.write_text(page(title, made, PACKAGES, sections), encoding="utf-8")


if __name__ == "__main__":
    main()
