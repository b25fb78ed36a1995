"""The templates of pages, with what they call on values."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from eigenscape.report import tables
from eigenscape.report.notation import number, sentence, short, to_html


def page_template(name: str) -> Template:
    """Load a template of a page.

    Args:
        name: Its file name.

    Returns:
        The template; it escapes what it is given, and refuses what is missing.
    """
    environment = Environment(
        loader=PackageLoader("eigenscape.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "maths": to_html,
        "number": number,
        "sentence": sentence,
        "short": short,
        "table": tables.table_to_html,
    }
    return environment.get_template(name)
