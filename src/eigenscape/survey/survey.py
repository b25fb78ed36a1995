"""The survey: spectra at several batch sizes, bulk and outliers, fit, advice."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from tqdm import tqdm

from eigenscape.core import (
    Curve,
    Estimate,
    StorageError,
    load,
    record_provenance,
    save,
    stream,
)
from eigenscape.core.storage import MANIFEST
from eigenscape.curvature import Eigenpairs, EmpiricalRisk, Hessian
from eigenscape.spectra import (
    BatchDraws,
    CheckpointSurvey,
    Survey,
    advise,
    estimate_density,
    fit_bulk,
    measure_moments,
    split_spectrum,
    stack_measures,
)
from eigenscape.survey.measurement import (
    converged_pairs,
    measure_draw,
    measure_extremes,
    measure_population,
    measure_probe,
    stream_generator,
)
from eigenscape.survey.parts import (
    Draw,
    Extremes,
    Parts,
    Plan,
    Population,
    SpectralMeasure,
)
from eigenscape.survey.prediction import BATCHES, predict_outliers
from eigenscape.survey.scaling import fit_scaling
from eigenscape.survey.settings import (
    DRAWS,
    EXTREMES,
    FOLLOWED,
    PROBES,
    STEPS,
    TOLERANCE,
    require_settings,
)
from eigenscape.survey.target import Stage

Progress = Callable[[], object]


def survey(
    risk: EmpiricalRisk | Sequence[Stage],
    *,
    batch_sizes: Sequence[int] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    probes: int = PROBES,
    steps: int = STEPS,
    extremes: int = EXTREMES,
    tolerance: float = TOLERANCE,
    followed: int = FOLLOWED,
    name: str | None = None,
    curves: Sequence[Curve] = (),
    learning_rate: float | None = None,
    momentum: float | None = None,
    directory: Path | str | None = None,
    resume: bool = False,
) -> Survey:
    """Survey the loss surface of a network around one or several checkpoints.

    Each checkpoint: the spectral density of the Hessian on all the data, its extreme
    eigenpairs, the curvature of every example and from it the outliers predicted at
    every batch size, the upper end of batch Hessians at several batch sizes, outliers
    split from bulk, the batch-size law fitted, advice drawn. The model, its mode, its
    parameters and the global random states are left as they were.

    Args:
        risk: One model with its loss and data, or several checkpoints.
        batch_sizes: Batch sizes, any order; powers of two from 16 to 1024, at most
            half the data, when None.
        draws: Independent batches of each size. Default from Baskerville et al.
            (2022), as their published code has it.
        seed: Master seed of every random stream.
        probes: Probes of the spectral density, at least 2. Eight are enough to see
            the standard error of the density; the trace then errs by about
            ½ ‖H‖_F.
        steps: Lanczos steps a probe. Default from Ghorbani, Krishnan and Xiao (2019),
            ICML, who find 80 to 90 enough for the densities of deep networks.
        extremes: Largest eigenvalues to compute; enough to reach into the bulk.
        tolerance: Residual of every eigenpair, relative to ‖H‖; an eigenvalue then
            errs by its square over the gap, 1e-6 relative.
        followed: Outliers followed over batch sizes by the noise laws, at most.
            Default from Baskerville et al. (2022), the top five.
        name: What to call the target; the model's class name when None.
        curves: Curves along training to show in the report.
        learning_rate: The learning rate it was trained with, where known.
        momentum: The momentum it was trained with, where known.
        directory: Where to keep finished parts and the result; nowhere when None.
        resume: Go on with an interrupted survey in `directory`, or load it when it
            is finished.

    Returns:
        The survey.

    Raises:
        ValueError: There is no checkpoint; `require_settings` says what else.
        StorageError: `directory` is in use and `resume` is False, or it holds a
            survey begun otherwise.
    """
    stages = (Stage("model", None, risk),) if isinstance(risk, EmpiricalRisk) else risk
    if not isinstance(stages, list | tuple):
        message = (
            "risk: expected an EmpiricalRisk(model, loss, data) or a list of stages, "
            f"got {type(risk).__name__}"
        )
        raise ValueError(message)
    if not stages:
        message = "risk: expected at least one checkpoint, got none"
        raise ValueError(message)
    first = stages[0].risk
    sizes = require_settings(
        first.examples,
        batch_sizes=batch_sizes,
        draws=draws,
        probes=probes,
        steps=steps,
        extremes=extremes,
        tolerance=tolerance,
        followed=followed,
    )
    place = None if directory is None else Path(directory)
    if place is not None and place.exists() and any(place.iterdir()) and not resume:
        message = f"{place}: exists already; resume it or choose another directory"
        raise StorageError(message)
    for stage in stages:
        Hessian(stage.risk)  # proves itself before anything is written
    begin = time.perf_counter()
    parts = Parts(place)
    plan = parts.agree(
        Plan(
            stages=tuple(s.name for s in stages),
            fingerprints=tuple(s.risk.fingerprint() for s in stages),
            batch_sizes=sizes,
            draws=int(draws),
            seed=int(seed),
            probes=int(probes),
            steps=int(steps),
            extremes=int(extremes),
            tolerance=float(tolerance),
            followed=int(followed),
            started=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        )
    )
    if place is not None and (place / MANIFEST).exists():
        finished = load(Survey, place)
        parts.discard()
        return finished
    surveyed = tuple(_survey_stage(s, plan, parts, followed) for s in stages)
    result = Survey(
        target=name or type(first.model).__name__,
        parameters=first.size,
        examples=first.examples,
        learning_rate=learning_rate,
        momentum=momentum,
        checkpoints=surveyed,
        curves=tuple(curves),
        advice=advise(surveyed[-1], momentum=momentum),
        notes=_notes(plan, first),
        provenance=record_provenance(time.perf_counter() - begin, started=plan.started),
    )
    if place is not None:
        save(result, place)
        parts.discard()
    return result


def _survey_stage(
    stage: Stage, plan: Plan, parts: Parts, followed: int
) -> CheckpointSurvey:
    total = 2 + plan.probes + len(plan.batch_sizes) * plan.draws
    with tqdm(total=total, desc=stage.name, disable=None, leave=False) as bar:
        extremes, population = _extremes(stage, plan, parts, bar.update)
        measure = _density(stage, plan, parts, bar.update)
        batches = tuple(
            _batch_draws(stage, b, plan, parts, bar.update) for b in plan.batch_sizes
        )
    both = np.concatenate([extremes.largest, extremes.smallest])
    split = split_spectrum(measure, both)
    law_fits = fit_bulk(split.bulk)
    trace = measure_moments(measure, 1)[0]
    size = measure.dimension
    scaling, note = fit_scaling(batches, stage.risk.examples, followed)
    prediction, verdict = predict_outliers(
        population,
        batches,
        parameters=stage.risk.size,
        followed=followed,
        rng=stream(plan.seed, stage.name, "prediction"),
    )
    return CheckpointSurvey(
        name=stage.name,
        epoch=stage.epoch,
        loss=extremes.loss,
        gradient_norm=extremes.gradient_norm,
        trace=Estimate(trace.value * size, trace.standard_error * size, trace.samples),
        measure=measure,
        largest=extremes.largest,
        largest_residuals=extremes.largest_residuals,
        smallest=extremes.smallest,
        smallest_residuals=extremes.smallest_residuals,
        split=split,
        law_fits=law_fits,
        density=estimate_density(measure, split, law_fits),
        batches=batches,
        scaling=scaling,
        scaling_note=note,
        prediction=prediction,
        prediction_note=verdict,
    )


def _extremes(
    stage: Stage, plan: Plan, parts: Parts, advance: Progress
) -> tuple[Extremes, Population]:
    operator = Hessian(stage.risk, check=False)
    start = stream_generator(plan.seed, stage.name, "extremes")

    @cache  # both parts need the pairs, which are too long to be kept on disk
    def top() -> Eigenpairs:
        return converged_pairs(
            operator, plan.extremes, "largest", plan.tolerance, start
        )

    extremes = parts.get(
        lambda: measure_extremes(
            stage.risk, operator, top(), tolerance=plan.tolerance, generator=start
        ),
        Extremes,
        stage.name,
        "extremes",
    )
    advance()
    population = parts.get(
        lambda: measure_population(
            stage.risk,
            top(),
            generator=stream_generator(plan.seed, stage.name, "population"),
        ),
        Population,
        stage.name,
        "population",
    )
    advance()
    return extremes, population


def _density(
    stage: Stage, plan: Plan, parts: Parts, advance: Progress
) -> SpectralMeasure:
    operator = Hessian(stage.risk, check=False)
    rows: list[SpectralMeasure] = []
    for i in range(plan.probes):
        rows.append(
            parts.get(
                lambda i=i: measure_probe(
                    operator,
                    steps=plan.steps,
                    generator=stream_generator(plan.seed, stage.name, "probe", i),
                ),
                SpectralMeasure,
                stage.name,
                f"probe-{i}",
            )
        )
        advance()
    return stack_measures(rows)


def _batch_draws(
    stage: Stage, batch_size: int, plan: Plan, parts: Parts, advance: Progress
) -> BatchDraws:
    draws: list[Draw] = []
    for d in range(plan.draws):
        # the same examples at every checkpoint: trends are not sampling noise
        examples = stream_generator(plan.seed, "batch", batch_size, d)
        start = stream_generator(plan.seed, stage.name, "start", batch_size, d)
        draws.append(
            parts.get(
                lambda examples=examples, start=start: measure_draw(
                    stage.risk.subsample(batch_size, examples),
                    count=plan.extremes,
                    tolerance=plan.tolerance,
                    generator=start,
                ),
                Draw,
                stage.name,
                f"batch-{batch_size}",
                f"draw-{d}",
            )
        )
        advance()
    common = min(draw.values.size for draw in draws)
    return BatchDraws(
        batch_size=batch_size,
        values=np.stack([draw.values[:common] for draw in draws]),
        residuals=np.stack([draw.residuals[:common] for draw in draws]),
        splits=tuple(split_spectrum(draw.measure, draw.values) for draw in draws),
    )


def _notes(plan: Plan, risk: EmpiricalRisk) -> tuple[str, ...]:
    return (
        f"Products with the Hessian by double backward in {risk.dtype}, minibatches of "
        f"at most {risk.batch_size} examples; weight decay is not part of the loss.",
        f"Eigenvalues: Lanczos with full reorthogonalisation, residuals at most "
        f"{plan.tolerance:g} of the norm; tridiagonal matrices in float64.",
        "Prediction: the Gauss-Newton matrix of every example, its eigenvalues and its "
        "components along the largest eigenvectors of the Hessian on all the data; "
        f"{BATCHES} batches of examples drawn at each size, nothing fitted.",
        f"Batches: {plan.draws} independent draws without replacement at each size, "
        "the same examples at every checkpoint.",
        f"Every random stream is derived from seed {plan.seed} by name.",
    )
