from __future__ import annotations

import dataclasses
import operator

import pytest

from eigenscape.core import Table
from eigenscape.report import table_to_html, table_to_markdown, tables
from surveys import planted_survey


@pytest.fixture(scope="module")
def checkpoint():
    return planted_survey().checkpoints[-1]


def test_checkpoints_in_the_order_of_training():
    table = tables.checkpoint_table(planted_survey())
    assert [row[0] for row in table.rows] == ["start", "end"]
    top = table.columns.index("λ_max")
    expected = [c.largest[0] for c in planted_survey().checkpoints]
    assert [row[top] for row in table.rows] == expected


def test_eigenvalues_have_residuals_and_a_side(checkpoint):
    rows = tables.eigenvalue_table(checkpoint).rows
    assert len(rows) == checkpoint.largest.size + checkpoint.smallest.size
    assert [r[3] for r in rows[:4]] == ["outlier", "outlier", "outlier", "bulk"]
    assert rows[0][1:3] == (checkpoint.largest[0], checkpoint.largest_residuals[0])


def test_laws_best_first(checkpoint):
    rows = tables.law_table(checkpoint).rows
    assert [r[0] for r in rows] == [f.family for f in checkpoint.law_fits]
    assert list(rows) == sorted(rows, key=operator.itemgetter(1))


def test_spikes_stand_beside_the_measured_eigenvalues(checkpoint):
    table = tables.spike_table(checkpoint)
    assert len(table.rows) == 3
    for i, row in enumerate(table.rows):
        assert row[1] == checkpoint.largest[i]
        for j, fit in enumerate(checkpoint.scaling.fits):
            spike = fit.spikes[i]
            inside = spike.lower <= row[1] <= spike.upper
            assert row[3 + 2 * j] == ("yes" if inside else "no")


def test_without_a_fit_there_are_no_spikes(checkpoint):
    assert not tables.spike_table(dataclasses.replace(checkpoint, scaling=None)).rows


def test_models_best_first(checkpoint):
    scaling = checkpoint.scaling
    table = tables.model_table(scaling)
    assert table.rows[0][0] == scaling.best
    best, other = scaling.fit(scaling.best), scaling.fits[-1]
    assert table.rows[0][1] == best.chi_square / best.degrees_of_freedom
    assert table.rows[0][4] == tables.probability(best.spread_p_value)
    assert table.rows[0][5] == 0
    assert table.rows[1][5] == pytest.approx(abs(other.information - best.information))


def test_a_fit_without_degrees_of_freedom_has_no_ratio(checkpoint):
    bare = [
        dataclasses.replace(f, degrees_of_freedom=0.0, p_value=None)
        for f in checkpoint.scaling.fits
    ]
    scaling = dataclasses.replace(checkpoint.scaling, fits=tuple(bare))
    assert [r[1:4] for r in tables.model_table(scaling).rows] == [(None, 0.0, "–")] * 2


def test_batches(checkpoint):
    table = tables.batch_table(checkpoint)
    assert [r[0] for r in table.rows] == [8, 16, 32, 64, 128]
    assert table.rows[0][2] == checkpoint.batches[0].values[:, 0].mean()
    single = planted_survey(dimension=60, draws=1, checkpoints=("only",))
    spreads = {r[3] for r in tables.batch_table(single.checkpoints[0]).rows}
    assert spreads == {None}


TABLE = Table(("<a>", "b|c"), (("x<y|z", 1.23456), (None, 1000)))


def test_html_escapes_and_rounds():
    html = table_to_html(TABLE)
    assert '<th scope="col">&lt;a&gt;</th>' in html
    assert "<td>x&lt;y|z</td>" in html
    assert '<td class="number">1.23</td>' in html
    assert '<td class="number">1,000</td>' in html
    assert not table_to_html(Table(("a",), ()))


def test_markdown_escapes_and_rounds():
    assert table_to_markdown(TABLE) == (
        "| &lt;a&gt; | b\\|c |\n| --- | --- |\n| x&lt;y\\|z | 1.23 |\n| – | 1,000 |\n"
    )
