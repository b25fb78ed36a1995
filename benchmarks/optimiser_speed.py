"""Speed and memory of the damped optimisers beside PyTorch's Adam.

Writes a page of Markdown. A training step is forward, backward and the step of the
optimiser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from command import write_page
from table import Bar, Section, number
from timing import Race
from torch import nn

import networks
from eigenscape.curvature import EmpiricalRisk, Hessian
from eigenscape.optim.damped_adam import DampedAdam
from eigenscape.optim.damping import PublishedDamping
from eigenscape.optim.damping_learner import DampingLearner
from networks import Workload

ADAM = "torch.optim.Adam"
FIXED = "DampedAdam, fixed damping"
IDLE = "DampedAdam, learner attached, between measurements"
PUBLISHED = "DampedAdam, published: the probe set in {} minibatches of the batch size"
SOME = "DampedAdam, 2 of these in turn"
THIN = "DampedAdam, 2 of twice as many of half the size in turn"

INTERVAL = 50
TURN = 5
ALONE = 100
MORE = 5
"""A step alone is short: it gets so many rounds for one of a training step."""
FIXED_BAR, LEARNED_BAR = 1.03, 1.10
PACKAGES = ("torch",)


class Trainer:
    """A network, an optimiser and perhaps a learner, which train on when called."""

    def __init__(
        self,
        workload: Workload,
        optimiser: Callable[..., torch.optim.Optimizer],
        probe: Mapping[str, int] | None = None,
    ) -> None:
        self.workload = workload
        self.model = workload.network().train()
        self.optimiser = optimiser(self.model.parameters(), 1e-4, foreach=True)
        self.batches = workload.batches
        self.learner = None if probe is None else self._learner(**probe)

    def _learner(
        self, share: int = 1, minibatches: int | None = None
    ) -> DampingLearner:
        workload, size = self.workload, self.workload.batch_size
        data = workload.inputs, workload.targets
        risk = EmpiricalRisk(
            self.model, workload.loss, data, batch_size=size // share, mode="train"
        )
        return DampingLearner(
            self.optimiser,
            PublishedDamping(0.01),
            Hessian(risk, check=False),
            generator=torch.Generator().manual_seed(0),
            interval=1,
            batch_size=size,
            minibatches=minibatches,
        )

    def train(self) -> nn.Module:
        """A few training steps."""
        for k in range(TURN):
            inputs, targets = self.batches[k % len(self.batches)]
            self.optimiser.zero_grad()
            self.workload.loss(self.model(inputs), targets).backward()
            self.optimiser.step()
        return self.model

    def measure(self) -> DampingLearner | None:
        """One measurement of the curvature, at weights that were written to."""
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter[..., :1].mul_(1)
        if self.learner is not None:
            self.learner.step()
        return self.learner

    def step(self) -> nn.Module:
        """Steps of the optimiser alone, on one gradient."""
        inputs, targets = self.batches[0]
        if next(self.model.parameters()).grad is None:
            self.workload.loss(self.model(inputs), targets).backward()
        for _ in range(ALONE):
            self.optimiser.step()
        return self.model


def optimiser_alone(workload: Workload, rounds: int) -> Section:
    entrants = {
        ADAM: lambda: Trainer(workload, torch.optim.Adam).step,
        FIXED: lambda: Trainer(workload, DampedAdam).step,
        IDLE: lambda: Trainer(workload, DampedAdam, {}).step,
    }
    race = Race(entrants).run(MORE * rounds, warmed=True)
    figure = f"step of the optimiser alone, {workload.name}"
    bars = [
        Bar(f"{figure}, {name}", FIXED_BAR, race.ratio(name, ADAM), faster=False)
        for name in (FIXED, IDLE)
    ]
    return _section(f"The optimiser alone: {workload.name}", bars, race, ALONE)


def training_steps(workload: Workload, rounds: int) -> Section:
    count = len(workload.batches)
    probes: dict[str, Mapping[str, int]] = {PUBLISHED.format(count): {}}
    if count > 2:
        probes[SOME] = {"minibatches": 2}
    probes[THIN] = {"share": 2, "minibatches": 2}
    entrants = {
        ADAM: lambda: Trainer(workload, torch.optim.Adam).train,
        FIXED: lambda: Trainer(workload, DampedAdam).train,
    }
    for name, probe in probes.items():
        entrants[name] = partial(_measurement, workload, probe)
    race = Race(entrants).run(rounds)

    def share(name: str) -> float | None:
        measured = race.ratio(name, ADAM)
        return None if measured is None else 1 + measured * TURN / INTERVAL

    ratios = {FIXED: race.ratio(FIXED, ADAM)} | {name: share(name) for name in probes}
    figure = f"training step, {workload.name}, batch {workload.batch_size}"
    bars = [
        Bar(
            f"{figure}, {name}",
            FIXED_BAR if name == FIXED else LEARNED_BAR,
            ratio,
            faster=False,
        )
        for name, ratio in ratios.items()
    ]
    rows = [
        (
            name,
            number(_microseconds(race, name, 1 if name in probes else TURN)),
            number(ratios.get(name, 1.0), 4),
        )
        for name in (ADAM, FIXED, *probes)
    ]
    size = workload.batch_size
    title = f"A measurement every {INTERVAL} steps: {workload.name}, batch {size}"
    header = ("contestant", "microseconds a step, or a measurement", "times Adam")
    return Section(title, bars, header, rows)


def memory(workload: Workload) -> Section:
    rows = []
    for name, optimiser in ((ADAM, torch.optim.Adam), (FIXED, DampedAdam)):
        trainer = Trainer(workload, optimiser)
        trainer.step()
        kept = sum(
            value.numel()
            for state in trainer.optimiser.state.values()
            for value in state.values()
            if value.numel() > 1
        )
        rows.append((name, f"{kept / workload.size:.3g}", "–"))
    rows.append(("a learner besides", "0", "2, and the product of one minibatch"))
    header = ("contestant", "vectors kept between steps", "during a measurement")
    return Section("Memory, in vectors of parameters", [], header, rows)


def _measurement(
    workload: Workload, probe: Mapping[str, int]
) -> Callable[[], DampingLearner | None]:
    trainer = Trainer(workload, DampedAdam, probe)
    trainer.train()
    return trainer.measure


def _microseconds(race: Race, name: str, steps: int) -> float | None:
    seconds = race.median(name)
    return None if seconds is None else 1e6 * seconds / steps


def _section(title: str, bars: list[Bar], race: Race, steps: int) -> Section:
    rows = [
        (
            name,
            number(_microseconds(race, name, steps)),
            number(race.ratio(name, ADAM), 4),
        )
        for name in race.seconds
    ]
    header = ("contestant", "microseconds a step", "times Adam")
    return Section(title, bars, header, rows)


def _mlp(batch_size: int = 128) -> Workload:
    """As many examples as in the published probe set."""
    return networks.mlp(1024, batch_size=batch_size)


TASKS: dict[str, Callable[[int], Section]] = {
    "alone-mlp": lambda n: optimiser_alone(_mlp(), n),
    "alone-gpt": lambda n: optimiser_alone(networks.gpt(64, batch_size=8), n),
    "training-mlp": lambda n: training_steps(_mlp(), n),
    "training-mlp-512": lambda n: training_steps(_mlp(512), n),
    "training-gpt": lambda n: training_steps(networks.gpt(64, batch_size=8), n),
    "memory": lambda _: memory(_mlp()),
}


def main() -> None:
    torch.set_num_threads(1)
    write_page(
        "optimiser_speed",
        TASKS,
        "Speed and memory of damped optimisers beside PyTorch's Adam",
        "A training step is forward, backward and the step of the optimiser; the time "
        f"of one measurement of the curvature is spread over {INTERVAL} steps.",
        packages=PACKAGES,
        rounds=9,
        description=__doc__,
    )


if __name__ == "__main__":
    main()
