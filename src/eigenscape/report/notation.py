"""How numbers and symbols are written, in plain text, HTML, plotly and matplotlib."""

from __future__ import annotations

import html
import math
import re

from markupsafe import Markup

from eigenscape.core import ConfidenceInterval

MISSING = "–"
_LONGEST = 1e6
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUBSCRIPT = re.compile(r"([λσ])_(max|min)\b")


def number(value: float | int | None) -> str:
    """Write a number with three significant digits, a whole one with all of them.

    Args:
        value: The number.

    Returns:
        Text such as ``0.0123``, ``12,300`` or ``1.23×10⁻⁷``; a dash when there is
        none.
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if isinstance(value, int) or (value.is_integer() and abs(value) < _LONGEST):
        return f"{int(value):,}".replace("-", "−")
    mantissa, power = f"{value:.2e}".split("e")
    exponent = int(power)
    if -4 <= exponent <= 5:
        digits = max(2 - exponent, 0)
        text = f"{float(f'{mantissa}e{power}'):,.{digits}f}"
    else:
        text = f"{mantissa}×10{str(exponent).translate(_SUPERSCRIPT)}"
    return text.replace("-", "−")


def short(value: float | None) -> str:
    """Write a number that was chosen, not measured, without trailing zeros.

    Args:
        value: The number.

    Returns:
        Text such as ``0.5`` or ``10⁻⁷``; a dash when there is none.
    """
    text = number(value)
    mantissa, cross, power = text.partition("×")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    if cross and mantissa in {"1", "−1"}:
        return mantissa[:-1] + power
    return mantissa + cross + power


def probability(value: float | None) -> str:
    """Write a p-value.

    Args:
        value: The p-value.

    Returns:
        Two significant digits, ``< 0.0001`` below that, a dash when there is none.
    """
    if value is None:
        return MISSING
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}"


def share(value: float) -> str:
    """Write a share of one in percent.

    Args:
        value: The share, such as the part of a spread that a law explains.

    Returns:
        Text such as ``97 %``; ``< 0 %`` for a negative share, however negative.
    """
    return f"{100 * value:.3g} %" if value >= 0 else "< 0 %"


def interval(estimate: ConfidenceInterval) -> str:
    """Write a fitted value with its interval.

    Args:
        estimate: The value and its interval.

    Returns:
        Text such as ``1.23 [1.10, 1.36]``.
    """
    ends = f"[{number(estimate.lower)}, {number(estimate.upper)}]"
    return f"{number(estimate.value)} {ends}"


def sentence(text: str) -> str:
    """Begin a text with a capital letter and end it with a full stop.

    Args:
        text: The text. A Greek or subscripted symbol at its start stays as it is.

    Returns:
        The sentence.
    """
    text = text.strip()
    if text[:1].isascii():
        text = text[:1].upper() + text[1:]
    return text if not text or text.endswith((".", "!", "?")) else text + "."


def to_html(text: str) -> Markup:
    """Escape a text for HTML and set the subscripts of λ_max and its like.

    Args:
        text: Plain text.

    Returns:
        Markup that is safe to insert.
    """
    return Markup(_SUBSCRIPT.sub(r"\1<sub>\2</sub>", html.escape(text)))


def to_plotly(text: str) -> str:
    """Write a text in plotly's subset of HTML.

    Args:
        text: Plain text.

    Returns:
        Escaped text with subscripts.
    """
    return str(to_html(text))


def to_mathtext(text: str) -> str:
    """Write a text for matplotlib, where a dollar sign would begin mathematics.

    Args:
        text: Plain text.

    Returns:
        Escaped text with subscripts.
    """
    return _SUBSCRIPT.sub(r"\1$_\\mathrm{\2}$", text.replace("$", r"\$"))
