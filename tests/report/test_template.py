import pytest
from jinja2 import TemplateNotFound, UndefinedError

from eigenscape.report.template import page_template


def test_templates_know_their_filters_and_refuse_what_is_missing():
    page = page_template("experiment.html")
    assert {"maths", "number", "sentence", "short", "table"} <= set(
        page.environment.filters
    )
    with pytest.raises(UndefinedError):
        page.render()


def test_values_are_escaped():
    written = page_template("report.html").environment.from_string("{{ name }}")
    assert written.render(name="<b>") == "&lt;b&gt;"


def test_unknown_templates_are_refused():
    with pytest.raises(TemplateNotFound):
        page_template("none.html")
