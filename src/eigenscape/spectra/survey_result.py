"""Survey: what a survey of one network found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.core import Curve, Estimate, Provenance, Table
from eigenscape.spectra.batch_scaling import BatchScaling
from eigenscape.spectra.fit import LawFit
from eigenscape.spectra.measure import SpectralMeasure
from eigenscape.spectra.sampling_noise.competition import NoiseCompetition
from eigenscape.spectra.sampling_noise.population import PopulationCurvature
from eigenscape.spectra.sampling_noise.prediction import BatchPrediction
from eigenscape.spectra.split import SpectrumSplit


@dataclass(frozen=True)
class Density:
    """A spectral density on a grid, with the laws fitted to its bulk.

    Attributes:
        grid: Eigenvalues.
        values: Smoothed density, per eigenvalue unit.
        standard_errors: Standard error of `values`, over probes.
        bandwidth: Standard deviation of the smoothing Gaussian.
        fitted: Density of each fitted law, smoothed alike and scaled to the mass of
            the bulk; one row a law, in the order of `CheckpointSurvey.law_fits`.
    """

    grid: Float[np.ndarray, " g"]
    values: Float[np.ndarray, " g"]
    standard_errors: Float[np.ndarray, " g"]
    bandwidth: float
    fitted: Float[np.ndarray, "f g"]


@dataclass(frozen=True)
class BatchDraws:
    """The extreme eigenvalues of independent batch Hessians of one size.

    Attributes:
        batch_size: b.
        values: The largest eigenvalues of each draw, descending.
        residuals: Their residual norms ‖Hv − λv‖.
        splits: The split of each draw.
    """

    batch_size: int
    values: Float[np.ndarray, "d c"]
    residuals: Float[np.ndarray, "d c"]
    splits: tuple[SpectrumSplit, ...]


@dataclass(frozen=True)
class OutlierPrediction:
    """What one measurement on all the data says about batches of every size.

    Attributes:
        population: The measurement, without the examples' directions.
        law: The law of the curve: weighted sampling, with measured directions where
            the measured batches ask for them.
        curve: Predicted outliers from b = 1 to n.
        gauss_newton_shares: uⱼᵀGuⱼ/θⱼ, the part of each followed eigenvalue of the
            Hessian that its Gauss-Newton matrix G holds; the prediction counts no noise
            of the rest.
        competition: Noise laws, none fitted, against the measured batches; None where
            no batch was measured.
    """

    population: PopulationCurvature
    law: str
    curve: BatchPrediction
    gauss_newton_shares: Float[np.ndarray, " k"]
    competition: NoiseCompetition | None


@dataclass(frozen=True)
class CheckpointSurvey:
    """The Hessian of one checkpoint, on all the data and on batches.

    Attributes:
        name: Name of the checkpoint, such as "end".
        epoch: Epochs trained; None when not known.
        loss: Mean loss on all the data.
        gradient_norm: Euclidean norm of its gradient.
        trace: Trace of the Hessian, over probes.
        measure: Spectral measure of the Hessian on all the data.
        largest: Its largest eigenvalues, descending.
        largest_residuals: Their residual norms ‖Hv − λv‖.
        smallest: Its smallest eigenvalues, ascending.
        smallest_residuals: Their residual norms.
        split: Its outliers and bulk.
        law_fits: Laws fitted to the bulk, best first.
        density: The density on a grid.
        batches: One entry a batch size, ascending.
        scaling: The batch-size law; None where it cannot be fitted.
        scaling_note: The verdict, or why there is none.
        prediction: Outliers at every batch size, with nothing fitted; None where they
            cannot be predicted, and in surveys made before there were predictions.
        prediction_note: The verdict, or why there is none.
    """

    name: str
    epoch: float | None
    loss: float
    gradient_norm: float
    trace: Estimate
    measure: SpectralMeasure
    largest: Float[np.ndarray, " c"]
    largest_residuals: Float[np.ndarray, " c"]
    smallest: Float[np.ndarray, " e"]
    smallest_residuals: Float[np.ndarray, " e"]
    split: SpectrumSplit
    law_fits: tuple[LawFit, ...]
    density: Density
    batches: tuple[BatchDraws, ...]
    scaling: BatchScaling | None
    scaling_note: str
    prediction: OutlierPrediction | None = None
    prediction_note: str = "no prediction: it was not made"


@dataclass(frozen=True)
class Advice:
    """One answer, and the numbers it rests on.

    Attributes:
        question: What was asked.
        answer: The answer, in plain words.
        basis: How it was obtained and what it assumes.
        table: The numbers, where there are several.
    """

    question: str
    answer: str
    basis: str
    table: Table | None = None


@dataclass(frozen=True)
class Survey:
    """What a survey of one network found.

    Attributes:
        target: What was surveyed.
        parameters: Number P of trainable parameters.
        examples: Number n of training examples.
        learning_rate: The learning rate it was trained with; None when not known.
        momentum: The momentum it was trained with; None when not known.
        checkpoints: The checkpoints, in the order of training.
        curves: Curves along training, such as the loss.
        advice: What to do about it.
        notes: How it was computed, one sentence each.
        provenance: Where and when.
    """

    target: str
    parameters: int
    examples: int
    learning_rate: float | None
    momentum: float | None
    checkpoints: tuple[CheckpointSurvey, ...]
    curves: tuple[Curve, ...]
    advice: tuple[Advice, ...]
    notes: tuple[str, ...]
    provenance: Provenance

    def summary(self) -> str:
        """Say the findings in about ten lines.

        Returns:
            Text for a terminal.
        """
        last = self.checkpoints[-1]
        sizes = [str(b.batch_size) for b in last.batches]
        bulk = last.split.bulk_edges
        lines = [
            f"{self.target}: {self.parameters:,} parameters, "
            f"{self.examples:,} examples",
            "  λ_max      "
            + ", ".join(f"{c.largest[0]:.3g} ({c.name})" for c in self.checkpoints),
            f"  spectrum   {last.split.upper.size} outliers above, "
            f"{last.split.lower.size} below the bulk [{bulk[0]:.3g}, {bulk[1]:.3g}] "
            f"at {last.name}; trace {last.trace}",
        ]
        if last.law_fits:
            best = last.law_fits[0]
            lines.append(
                f"  bulk       nearest law: {best.family}, explains "
                f"{100 * best.explained:.0f} % of its spread"
            )
        if last.batches:
            lines.append(
                "  batches    λ_max "
                + " ".join(f"{b.values[:, 0].mean():.3g}" for b in last.batches)
                + f" at b = {' '.join(sizes)}"
            )
        lines += [
            f"  prediction {last.prediction_note}",
            f"  fitted     {last.scaling_note}",
            *(f"  advice     {a.answer}" for a in self.advice),
        ]
        return "\n".join(lines)
