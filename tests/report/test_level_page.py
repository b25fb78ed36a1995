import re

import numpy as np
import pytest

import level_samples as samples
from eigenscape.core import StorageError
from eigenscape.report.level_page import holds_levels, render_levels
from eigenscape.spectra.local.analysis import local_statistics


def page_of(spectra, place, **options):
    return render_levels(local_statistics(spectra, **options), place)


def test_the_page_says_the_verdict_and_needs_no_network(tmp_path):
    row = samples.bulk_levels(1, 4)[0]
    page = page_of(row, tmp_path / "run", name="levels <of> one")
    text = page.read_text(encoding="utf-8")
    assert "levels &lt;of&gt; one" in text
    assert "GOE: " in text
    assert "resolved eigenvalues" in text
    assert not re.search(r'(src|href)="http(?!s://arxiv)', text)
    assert "<script" not in text
    pictures = sorted(p.name for p in (tmp_path / "run" / "figures").iterdir())
    assert "number-variance.svg" in pictures
    assert text.count("data:image/svg+xml") == len(pictures)


def test_it_is_rendered_again_from_its_files(tmp_path):
    page = page_of(samples.bulk_levels(1, 4)[0], tmp_path / "run")
    before = page.read_bytes()
    page.unlink()
    assert holds_levels(tmp_path / "run")
    assert render_levels(tmp_path / "run").read_bytes() == before
    assert not holds_levels(tmp_path)
    with pytest.raises(StorageError, match="holds a result already"):
        page_of(np.array([1.0, 2.0]), tmp_path / "run")


def test_what_cannot_be_measured_has_a_page(tmp_path):
    text = page_of(np.array([0.0, 1.0, 1.0]), tmp_path / "run").read_text()
    assert "Undecided: 0 resolved eigenvalues are too few." in text
    assert "nan" not in re.sub(r"base64,[^\"]*", "", text).lower()


def test_directories_come_with_statistics_only(tmp_path):
    found = local_statistics(np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="directory: expected one"):
        render_levels(found)
    with pytest.raises(ValueError, match="directory: expected one"):
        render_levels(tmp_path, tmp_path)
