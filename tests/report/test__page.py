from __future__ import annotations

import pandas as pd
import pytest

from appliedml.report import blocks
from appliedml.report._page import WIDE, Page, paragraphs, slug


def view(data: pd.DataFrame, *columns: blocks.Column, **options):
    document = blocks.Document("D", "S", (blocks.Section("s", "S", (blocks.Table("T", data, columns, **options),)),))
    return Page(document).section(document.sections[0])["blocks"][0]["view"]


def test_anchors_are_harmless():
    assert slug('"><script>') == "script"
    assert len(slug("a" * 500)) == 60


def test_a_blank_line_starts_a_paragraph():
    assert paragraphs("One\n \nTwo\n\n\n\nThree") == ["One", "Two", "Three"]


@pytest.mark.parametrize(
    ("cells", "aligned"),
    [
        (["282", "<5", "0"], True),
        (["1,204", None], True),
        (["4.0 %", "12.5 %"], True),
        (["0", "1"], False),
        (["12", "a"], False),
        ([None, None], False),
        (["12-34", "5"], False),
    ],
)
def test_counts_that_are_texts_are_set_as_numbers_and_codes_are_not(cells, aligned):
    found = view(pd.DataFrame({"name": ["12", "13", "14"][: len(cells)], "count": cells}))

    assert found.aligned == (False, aligned)


def test_a_table_of_many_columns_is_wide_and_an_interval_counts_twice():
    data = pd.DataFrame({f"c{place}": [0.5] for place in range(WIDE + 1)})
    plain = [blocks.Column(name, name, "number") for name in data]
    interval = blocks.Column("c0", "Interval", "interval", ("c1", "c2"))

    assert not view(data, *plain[:WIDE]).wide
    assert view(data, *plain).wide
    assert view(data, interval, *plain[1:WIDE]).wide


def test_a_table_that_a_narrow_page_stacks_says_so_and_may_be_wide_too():
    data = pd.DataFrame({f"c{place}": [0.5] for place in range(WIDE + 1)})
    columns = [blocks.Column(name, name, "number") for name in data]

    assert view(data, *columns[:2]).classes == ""
    assert view(data, *columns[:2], stacked=True).classes == "stacked"
    assert view(data, *columns, stacked=True).classes == "stacked wide"


def test_ids_of_sections_their_bodies_and_blocks_never_meet():
    sections = tuple(blocks.Section(name, "S", (blocks.Subheading("body"),)) for name in ("x", "x_body", "section-x"))
    page = Page(blocks.Document("D", "S", sections))
    found = [page.section(section) for section in sections]

    ids = [entry[key] for entry in found for key in ("id", "body")] + [entry["blocks"][0]["id"] for entry in found]
    assert len(ids) == len(set(ids))
