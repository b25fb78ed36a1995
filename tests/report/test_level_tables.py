import numpy as np

import level_samples as samples
from eigenscape.report.level_tables import (
    diagnosis_table,
    hypothesis_table,
    processing_table,
)
from eigenscape.spectra.local.analysis import local_statistics


def test_tables_say_what_was_found(rng):
    noise = 1e-18 * rng.standard_normal(50)
    rows = [np.concatenate([row[:150], noise]) for row in samples.bulk_levels(1, 4)]
    found = local_statistics(rows)
    laws = hypothesis_table(found)
    assert laws.rows[0][0] == "GOE"
    assert laws.rows[0][1] == "0.5307"
    assert laws.rows[0][-1] == "likeliest"
    assert {row[-1] for row in laws.rows[1:]} <= {"excluded", "left"}
    causes = {row[0]: row[1] for row in diagnosis_table(found).rows}
    assert causes["rank deficiency"] == "found"
    assert causes["outliers"] == "not found"
    table = {row[0]: row[1:] for row in processing_table(found).rows}
    assert table["eigenvalues"] == ("800", "600")
    assert table["share of |λ| below 10⁻¹⁰"] == ("0.250", "0.000")
    published = found.published.spacings[1]
    assert table["spacings, |λ| above 10⁻²⁰: mean"][0] == f"{published.mean:.3f}"


def test_a_lone_short_spectrum_has_tables_too():
    found = local_statistics(np.array([1.0, 2.0, 4.0]))
    assert hypothesis_table(found).rows == ()
    assert len(diagnosis_table(found).rows) == 4
    assert processing_table(found).rows[0][1:] == ("3", "3")
