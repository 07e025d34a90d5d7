"""What the gallery's README points to is there: reports, pictures, plans and data."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GALLERY = ROOT / "reports" / "gallery"
LINK = re.compile(r"(!?)\[(?:[^\]\[]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
# A path in a command or beside it, seen from the root of the repository.
PATH = re.compile(r"(?<![\w/.])(?:[\w-]+/)+[\w.-]+\.\w+")


@pytest.fixture(scope="module")
def text():
    return (GALLERY / "README.md").read_text(encoding="utf-8")


def test_every_link_and_picture_leads_to_a_file_in_the_gallery_or_the_repository(text):
    targets = [target for _, target in LINK.findall(text)]

    assert len(targets) >= 7
    for target in targets:
        assert "://" not in target, f"{target}: the gallery is read offline"
        path, _, fragment = target.partition("#")
        file = (GALLERY / path).resolve()
        assert file.is_file() and file.is_relative_to(ROOT.resolve()), target
        if file.suffix == ".png":
            assert file.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n", target
        if file.suffix == ".html":
            page = file.read_text(encoding="utf-8")
            assert page.lstrip().lower().startswith("<!doctype html>"), target
            assert not fragment or f'id="{fragment}"' in page, target


def test_every_plan_and_card_that_is_named_is_there(text):
    named = {path for code in re.findall(r"`([^`]+)`", text) for path in PATH.findall(code)}

    assert {"pipelines/fraud.py", "data/README.md"} <= named
    assert [path for path in sorted(named) if not (ROOT / path).is_file()] == []


def test_every_report_and_picture_of_the_gallery_is_named(text):
    targets = {target.partition("#")[0] for _, target in LINK.findall(text)}
    there = {file.name for file in GALLERY.iterdir() if file.suffix in (".html", ".png")}

    assert there <= targets
