from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.core import ConfidenceInterval
from eigenscape.report import notation


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (0, "0"),
        (0.0, "0"),
        (12345, "12,345"),
        (10.0, "10"),
        (1.23456, "1.23"),
        (0.10, "0.100"),
        (-0.0123456, "−0.0123"),
        (9.999, "10.0"),
        (99999.6, "100,000"),
        (0.000123456, "0.000123"),
        (1.23456e-5, "1.23×10⁻⁵"),
        (-1.23456e12, "−1.23×10¹²"),
    ],
)
def test_numbers(value, text):
    assert notation.number(value) == text


PLAIN = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")


@given(st.floats(-1e30, 1e30).filter(lambda v: abs(v) > 1e-30))
def test_a_number_reads_back_to_three_digits(value):
    text = notation.number(value).translate(PLAIN).replace(",", "")
    # half a unit in the third digit is at most 0.5 % of the value
    assert float(text.replace("×10", "e")) == pytest.approx(value, rel=5.01e-3)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5"), (100.0, "100"), (1e-7, "10⁻⁷"), (2e-7, "2×10⁻⁷"), (0.1, "0.1")],
)
def test_chosen_numbers_have_no_trailing_zeros(value, text):
    assert notation.short(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.1234, "0.12"), (1e-20, "< 0.0001"), (1.0, "1")],
)
def test_probabilities(value, text):
    assert notation.probability(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.9714, "97.1 %"), (1.0, "100 %"), (-70.3, "< 0 %")]
)
def test_shares(value, text):
    assert notation.share(value) == text


def test_intervals():
    spike = ConfidenceInterval("θ1", 5.0123, 4.5, 5.55)
    assert notation.interval(spike) == "5.01 [4.50, 5.55]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("noise fits", "Noise fits."),
        ("λ_max grows.", "λ_max grows."),
        ("really?", "Really?"),
        ("", ""),
    ],
)
def test_sentences(text, expected):
    assert notation.sentence(text) == expected


def test_html_is_escaped_and_has_subscripts():
    html = notation.to_html('<i>λ_max</i> & "b_max"')
    expected = "&lt;i&gt;λ<sub>max</sub>&lt;/i&gt; &amp; &quot;b_max&quot;"
    assert html == expected
    assert notation.to_plotly("λ_min") == "λ<sub>min</sub>"


def test_matplotlib_sees_no_stray_mathematics():
    assert notation.to_mathtext("a$b λ_max") == r"a\$b λ$_\mathrm{max}$"
