"""Tables of local statistics: the tests, the diagnoses, and both processings."""

from __future__ import annotations

from eigenscape.core import Table
from eigenscape.report.notation import MISSING, number, probability, short
from eigenscape.spectra.local.analysis import LocalStatistics
from eigenscape.spectra.local.published import PublishedStatistics


def hypothesis_table(found: LocalStatistics) -> Table:
    """Tabulate the laws, the likeliest first.

    Args:
        found: The statistics.

    Returns:
        One row a law.
    """
    columns = (
        "law",
        "its mean ratio",
        "p-value of the ratios",
        "p-value of Σ² and Δ₃",
        "p-value towards the likeliest",
        "power",
        "",
    )
    rows = tuple(
        (
            test.name,
            f"{test.mean_ratio:.4f}",
            probability(test.p_value),
            probability(test.p_long_range),
            MISSING if rank == 0 else probability(test.p_against_best),
            MISSING if rank == 0 else f"{test.power:.2g}",
            "likeliest" if rank == 0 else "excluded" if test.excluded else "left",
        )
        for rank, test in enumerate(found.verdict.tests)
    )
    return Table(columns, rows)


def diagnosis_table(found: LocalStatistics) -> Table:
    """Tabulate what may keep levels from the Gaussian orthogonal ensemble.

    Args:
        found: The statistics.

    Returns:
        One row a cause.
    """
    rows = tuple(
        (each.cause, "found" if each.found else "not found", each.sentence)
        for each in found.diagnoses
    )
    return Table(("cause", "", "what was seen"), rows)


def processing_table(found: LocalStatistics) -> Table:
    """Tabulate the published processing beside the resolved one.

    Args:
        found: The statistics.

    Returns:
        One row a quantity.
    """
    cells = [_cells(found.published), _cells(found.alike)]
    rows = [
        ("eigenvalues", number(int(found.sizes.sum())), number(int(found.statuses[0]))),
        *((name, *(part.get(name, MISSING) for part in cells)) for name in cells[0]),
    ]
    return Table(("", "as published, float32", "resolved levels alike"), tuple(rows))


def _cells(found: PublishedStatistics) -> dict[str, str]:
    cells = {
        "ratios below ten": number(found.ratios.count),
        "mean of min(r, 1/r), binned (surmise 0.5393)": f"{found.ratio_mean:.4f}",
        "ratios, total variation": f"{found.ratio_total_variation:.3f}",
    }
    for each in found.spacings:
        what = "spacings, exact zeros left out"
        if each.cutoff:
            what = f"spacings, |λ| above {short(each.cutoff)}"
        cells |= {
            f"{what}: number": number(each.histogram.count),
            f"{what}: mean": f"{each.mean:.3f}",
            f"{what}: largest": f"{each.largest:.1f}",
            f"{what}: total variation": f"{each.total_variation:.3f}",
        }
    pairs = zip(found.thresholds.tolist(), found.proportions.tolist(), strict=True)
    return cells | {f"share of |λ| below {short(at)}": f"{s:.3f}" for at, s in pairs}
