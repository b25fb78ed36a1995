"""DampingLearner: measures the noise of curvature while a model trains, and damps."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import astuple, replace
from functools import partial
from typing import Any, Literal, cast, final

import torch
from torch.optim import Optimizer

from eigenscape.curvature.curvature_variance import (
    NonFiniteCurvatureError,
    block_curvature_variance,
)
from eigenscape.curvature.operators.risk_operator import RiskOperator
from eigenscape.optim.damping import DampingRule
from eigenscape.theory.shrinkage.damping import CurvatureMoments

By = Literal["all", "group"]

_KEYS = ("damping", "eps")
_EVERYTHING = "all"


@final
class DampingLearner:
    """Sets the damping of an optimiser by a rule, and its learning rate with it.

    Call `step` after each step of the optimiser, as one calls a scheduler. At the
    first call and then once an interval it measures the curvature on a fixed probe set.
    While the optimiser steps, the rate of each group is multiplied by the rule's
    factor; between steps ``param_groups`` hold the base rate, so that any scheduler may
    change it before or after `step`, and nothing compounds. Decoupled weight decay
    scales with the rate, as in published runs.

    Curvature that is not finite keeps the last damping: the first such measurement
    warns, all are counted.

    Attributes:
        optimizer: The optimiser; its groups have an entry "damping", or else "eps".
        rule: The rule.
        operator: The Hessian or Gauss-Newton matrix on the probe set.
        failures: Measurements that were not finite.
        moments: Smoothed moments of the curvature: of everything under "all", or of
            each group under its number.

    References:
        Granziol and Baskerville (2022), arXiv 2011.08181, whose public code measures
        after every step on 1,024 training images, without augmentation, by a plain
        Hessian on minibatches of the training batch size with batch norm in training
        mode.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        rule: DampingRule,
        operator: RiskOperator,
        *,
        generator: torch.Generator,
        interval: int = 1,
        by: By = "all",
        probes: int = 1,
        batch_size: int | None = None,
        minibatches: int | None = None,
    ) -> None:
        """Attach to an optimiser.

        Args:
            optimizer: See the class.
            rule: See the class.
            operator: A ``Hessian`` or ``GaussNewton`` of a risk on the probe set and of
                the optimised parameters; its minibatches and its mode are those of the
                measurement.
            generator: Source of the random vectors, on the processor.
            interval: Steps from one measurement to the next; 1 as published.
            by: One damping for "all" parameters, as published, or one a "group".
            probes: Random vectors a measurement; 1 as published.
            batch_size: Batch size trained with, to which the noise is scaled by its
                inverse; that of the risk's minibatches if None, as published.
            minibatches: Minibatches of the probe set to multiply in a measurement, the
                next ones each time; all if None, as published. A published plug-in
                variance is that of all batches of the probe set in any case.

        Raises:
            ValueError: If an argument does not fit.
        """
        complete = [
            index
            for index, (*_, share) in enumerate(operator.risk.batches())
            if round(share * operator.risk.examples) == operator.risk.batch_size
        ]
        some = len(complete) if minibatches is None else minibatches
        checks = (
            ("interval", interval, "at least 1", interval >= 1),
            ("probes", probes, "at least 1", probes >= 1),
            ("by", by, "'all' or 'group'", by in {"all", "group"}),
            (
                "batch_size",
                batch_size,
                "at least 1",
                batch_size is None or batch_size > 0,
            ),
            (
                "probe set" if minibatches is None else "minibatches",
                some,
                f"from 2 to all complete minibatches of {operator.risk.batch_size} "
                f"among {operator.risk.examples} examples",
                2 <= some <= len(complete),
            ),
        )
        for name, value, expected, fine in checks:
            if not fine:
                message = f"{name}: expected {expected}, got {value}; change it"
                raise ValueError(message)
        self.optimizer = optimizer
        self.rule = rule
        self.operator = operator
        self.failures = 0
        self.moments: dict[str, CurvatureMoments] = {}
        self._generator = generator
        self._interval, self._by, self._probes = interval, by, probes
        self._complete, self._some = complete, some
        own = operator.risk.batch_size
        trained = own if batch_size is None else batch_size
        self._scale = own / trained
        self._batches = max(2, len(complete) * own // trained)
        self._calls = self._measurements = 0
        self._scaled: list[tuple[Any, Any]] = []
        self._blocks()
        self._hooks = (
            optimizer.register_step_pre_hook(partial(_uncompiled, self._scale_rates)),
            optimizer.register_step_post_hook(
                partial(_uncompiled, self._restore_rates)
            ),
        )

    @property
    def rate_factors(self) -> tuple[float, ...]:
        """The factor of each group's rate; 1 before the first measurement."""
        return tuple(
            1.0
            if name not in self.moments
            else self.rule.rate_factor(self.moments[name])
            for name in self._names()
        )

    def step(self) -> None:
        """Measure if it is time, and set the damping."""
        if self._calls % self._interval == 0:
            self._measure()
        self._calls += 1

    def detach(self) -> None:
        """Leave the optimiser alone from now on, with the last damping."""
        for hook in self._hooks:
            hook.remove()

    def state_dict(self) -> dict[str, Any]:
        """Gather what a resumed run needs, besides the optimiser's own state.

        Returns:
            Numbers, tuples and the state of the generator.
        """
        return {
            "calls": self._calls,
            "measurements": self._measurements,
            "failures": self.failures,
            "moments": {name: astuple(own) for name, own in self.moments.items()},
            "generator": self._generator.get_state(),
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where another learner was; the optimiser's state is loaded beside.

        Args:
            state_dict: What `state_dict` gave.
        """
        self._calls = state_dict["calls"]
        self._measurements = state_dict["measurements"]
        self.failures = state_dict["failures"]
        self.moments = {
            name: CurvatureMoments(*own) for name, own in state_dict["moments"].items()
        }
        self._generator.set_state(state_dict["generator"])

    def _measure(self) -> None:
        blocks, complete = self._blocks(), self._complete
        begin = self._measurements * self._some
        chosen = {complete[(begin + i) % len(complete)] for i in range(self._some)}
        self._measurements += 1
        try:
            found = block_curvature_variance(
                self.operator,
                blocks,
                generator=self._generator,
                probes=self._probes,
                chosen=chosen,
            )
        except NonFiniteCurvatureError as error:
            self.failures += 1
            if self.failures == 1:
                message = f"{error}; the last damping is kept, here and in the future"
                warnings.warn(message, RuntimeWarning, stacklevel=3)
            return
        for name, own in found.items():
            whole = replace(own, minibatches=self._batches)
            moments = self.rule.observed(whole)
            latest = moments.with_noise(moments.noise * self._scale)
            if name in self.moments:
                latest = self.moments[name].towards(latest, self.rule.smoothing)
            self.moments[name] = latest
        for name, group in zip(self._names(), self.optimizer.param_groups, strict=True):
            if name in self.moments:
                group[_key(group)] = self.rule.damping(self.moments[name])

    def _names(self) -> list[str]:
        """The block of each group."""
        groups = range(len(self.optimizer.param_groups))
        return [_EVERYTHING if self._by == "all" else str(k) for k in groups]

    def _blocks(self) -> dict[str, list[str]]:
        risk = self.operator.risk
        known = {id(p): name for name, p in zip(risk.names, risk.params, strict=True)}
        blocks: dict[str, list[str]] = {}
        for block, group in zip(
            self._names(), self.optimizer.param_groups, strict=True
        ):
            _key(group)
            trainable = [p for p in group["params"] if p.requires_grad]
            for param in trainable:
                if id(param) not in known:
                    message = (
                        "operator: expected a risk of all optimised parameters, got "
                        f"one without that of shape {tuple(param.shape)}; build the "
                        "risk of the model that the optimiser was given"
                    )
                    raise ValueError(message)
                blocks.setdefault(block, []).append(known[id(param)])
        return blocks

    def _scale_rates(self) -> None:
        self._restore_rates()  # after a step that failed
        for group, factor in zip(
            self.optimizer.param_groups, self.rate_factors, strict=True
        ):
            base = group["lr"]
            group["lr"] = base * factor
            self._scaled.append((base, group["lr"]))

    def _restore_rates(self) -> None:
        for group, (base, scaled) in zip(
            self.optimizer.param_groups, self._scaled, strict=False
        ):
            if group["lr"] is scaled:
                group["lr"] = base
        self._scaled = []


def _uncompiled(act: Callable[[], None], *_: object) -> None:
    """Act outside the graph of a step that is being compiled, which loses rates."""
    if torch.compiler.is_compiling():
        act = cast("Any", torch.compiler.disable)(act)
    act()


def _key(group: Mapping[str, Any]) -> str:
    for key in _KEYS:
        if key in group:
            return key
    message = (
        "optimizer: expected parameter groups with an entry 'damping' or 'eps', got "
        f"{sorted(group)}; use Adam, DampedAdam or KFAC"
    )
    raise ValueError(message)
