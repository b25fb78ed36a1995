from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from markupsafe import escape

from eigenscape.core import StorageError
from eigenscape.report import render
from surveys import planted_survey, predicted_survey

SMALL = {
    "dimension": 30,
    "checkpoints": ("only",),
    "batch_sizes": (8, 32, 128),
    "draws": 2,
}
HOSTILE = '</script><script>console.error("<b>λ_max</b>")</script>'
DEGENERATE = {
    "no batches": {"batch_sizes": ()},
    "no outliers": {"spikes": ()},
    "one draw": {"draws": 1},
    "negative": {"shift": -30.0},
    "two parameters": {
        "dimension": 2,
        "spikes": (1.0,),
        "learning_rate": None,
        "momentum": None,
    },
    "twelve outliers": {"spikes": tuple(60 * 0.83**i for i in range(12))},
}


class Reader(HTMLParser):
    """What a page refers to, and the text and elements it has."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[str] = []
        self.references: list[tuple[str, str]] = []
        self.ids: set[str] = set()
        self.text: list[str] = []
        self.within = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.within = tag
        for name, value in attrs:
            if name in {"src", "href", "data", "action", "srcset", "poster"}:
                self.references.append((tag, value or ""))
            if name == "id":
                self.ids.add(value)

    def handle_data(self, data):
        if self.within not in {"script", "style"}:
            self.text.append(data)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    directory = tmp_path_factory.mktemp("runs") / "mine"
    render(planted_survey(), directory)
    return directory


@pytest.fixture(scope="module")
def page(run):
    return Reader((run / "report.html").read_text(encoding="utf-8"))


def test_the_page_is_self_contained(page):
    anchors = [ref for tag, ref in page.references if tag == "a"]
    others = [ref for tag, ref in page.references if tag != "a"]
    assert others == ["data:,"]
    outside = [ref for ref in anchors if not ref.startswith("#")]
    assert outside
    assert all(ref.startswith("https://arxiv.org/abs/") for ref in outside)
    assert "img" not in page.tags
    assert "iframe" not in page.tags


def test_the_page_forbids_itself_the_network(run):
    head = (run / "report.html").read_text(encoding="utf-8")[:2000]
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', head)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'")
    assert "http" not in policy[1]


def test_links_within_the_page_lead_somewhere(page):
    inside = {ref[1:] for _, ref in page.references if ref.startswith("#")}
    assert inside == {"advice", "spectrum", "batches", "training", "method"}
    assert inside <= page.ids


def test_every_figure_of_the_page_is_a_valid_svg_file(run, page):
    files = {p.stem for p in (run / "figures").iterdir()}
    assert len(files) == 9
    assert files <= page.ids
    for path in (run / "figures").iterdir():
        assert ET.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_a_prediction_leads_and_is_drawn(tmp_path):
    survey = predicted_survey()
    page = Reader(render(survey, tmp_path / "run").read_text(encoding="utf-8"))
    text = " ".join("".join(page.text).split())
    note = survey.checkpoints[-1].prediction_note
    assert text.count(note[1:]) == 2  # in the lead, and above the figure
    assert "prediction-2-end" in page.ids
    assert (tmp_path / "run" / "figures" / "prediction-2-end.svg").is_file()
    assert "noise law, not fitted" in text
    assert survey.checkpoints[0].prediction_note[1:] in text


def test_the_page_says_what_was_found(page):
    survey, text = planted_survey(), " ".join("".join(page.text).split())
    for advice in survey.advice:
        assert advice.question in text
        assert advice.basis.replace("λ_max", "λmax") in text
    for checkpoint in survey.checkpoints:
        assert checkpoint.scaling_note[1:] in text
    assert all(note in text for note in survey.notes)
    assert f"{survey.checkpoints[-1].largest[0]:.1f}" in text
    assert survey.provenance.started in text


def test_rendering_again_replaces_page_and_figures_only(run):
    before = {p: p.stat().st_mtime_ns for p in run.iterdir() if p.is_file()}
    (run / "config.yaml").write_text("name: <b>mine</b>\n", encoding="utf-8")
    (run / "figures" / "stability.svg").write_text("broken", encoding="utf-8")
    first = (run / "report.html").read_bytes()
    assert render(str(run)) == run / "report.html"
    page = (run / "report.html").read_text(encoding="utf-8")
    assert page.encode() != first
    assert "name: &lt;b&gt;mine&lt;/b&gt;" in page
    ET.parse(run / "figures" / "stability.svg")
    for name in ("manifest.json", "arrays.npz"):
        assert (run / name).stat().st_mtime_ns == before[run / name]


def test_saving_over_a_run_is_refused(run):
    page = (run / "report.html").read_bytes()
    with pytest.raises(StorageError, match="holds a result already"):
        render(planted_survey(), run)
    assert (run / "report.html").read_bytes() == page


def test_a_directory_without_a_run_is_refused(tmp_path):
    with pytest.raises(StorageError, match="no finished result"):
        render(tmp_path)
    assert not list(tmp_path.iterdir())


def test_bad_arguments_are_refused(tmp_path):
    with pytest.raises(ValueError, match="directory: expected where"):
        render(planted_survey())
    with pytest.raises(ValueError, match="directory: expected None"):
        render(tmp_path, tmp_path)


@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_surveys_render(case, tmp_path):
    survey = planted_survey(**SMALL | DEGENERATE[case])
    if case == "no batches":
        bare = dataclasses.replace(survey.checkpoints[0], law_fits=())
        survey = dataclasses.replace(survey, checkpoints=(bare,), curves=(), advice=())
    page = render(survey, tmp_path / "run").read_text(encoding="utf-8")
    reader = Reader(page)
    assert reader.tags.count("h2") == 5
    assert reader.tags.count("script") == 2
    words = set("".join(reader.text).split())
    assert words.isdisjoint({"nan", "None", "inf", "NaN"})


def test_hostile_names_are_escaped(tmp_path):
    survey = planted_survey(**SMALL | {"draws": 1})
    named = dataclasses.replace(survey.checkpoints[0], name=HOSTILE)
    hostile = dataclasses.replace(survey, target=HOSTILE, checkpoints=(named,))
    page = render(hostile, tmp_path / "run").read_text(encoding="utf-8")
    assert HOSTILE not in page
    assert f"<h1>{escape(HOSTILE)}</h1>" in page
    assert Reader(page).tags.count("script") == 2


@pytest.mark.skipif(
    shutil.which("chromium") is None, reason="chromium is not on the path"
)
def test_a_browser_draws_every_figure_without_an_error(run, tmp_path):
    page = run / "report.html"
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--enable-logging=stderr",
        "--virtual-time-budget=5000",
        "--dump-dom",
    ]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    done = subprocess.run(
        ["chromium", *options, profile, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "CONSOLE" not in done.stderr
    drawn = re.findall(r'class="scatterlayer[^"]*"><g class="trace', done.stdout)
    assert len(drawn) == 9


def test_nothing_loads_torch_and_only_rendering_loads_a_plotting_library(run):
    code = (
        "import sys; from eigenscape.report import render; "
        "early = {'torch', 'matplotlib', 'plotly'} & set(sys.modules); "
        "render(sys.argv[1]); "
        "sys.exit(bool(early) or 'torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(run)], check=True)
