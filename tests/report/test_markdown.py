from __future__ import annotations

import re

import pandas as pd
import pytest
import yaml
from markdown_it import MarkdownIt

from appliedml.report import blocks
from appliedml.report.markdown import escape, render_markdown

RENDER = MarkdownIt("gfm-like", {"linkify": False, "html": True}).enable("table")


@pytest.fixture(scope="module")
def card(demo):
    return render_markdown(demo.demo_document())


@pytest.fixture(scope="module")
def hostile(demo):
    return render_markdown(demo.hostile_document())


def outside_code(text: str) -> str:
    return re.sub(r"^(`{3,}).*?^\1$", "", text.split("---\n", 2)[2], flags=re.DOTALL | re.MULTILINE)


def header_of(text: str) -> dict:
    return yaml.safe_load(text.split("---\n")[1])


def test_the_header_is_yaml_as_the_hub_reads_it(card):
    assert card.startswith("---\n")
    assert header_of(card) == {"library_name": "keras", "tags": ["appliedml"]}


def test_hostile_tags_stay_inside_the_header(hostile, demo):
    assert header_of(hostile)["tags"] == [" ".join(demo.HOSTILE[:7])]


def test_hostile_text_renders_as_text_only(hostile):
    html = RENDER.render(hostile.split("---\n", 2)[2])

    without_code = re.sub(r"<pre>.*?</pre>", "", html, flags=re.DOTALL)
    assert not re.search(r"<(script|img|a|iframe|svg|style)\b", without_code)
    assert "<em>" not in without_code
    assert "**bold** _it_ [link](https://evil.example)" in without_code
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in without_code


def test_bare_addresses_are_not_made_into_links(hostile):
    assert "://" not in outside_code(hostile)
    assert not re.search(r"\bwww\.", outside_code(hostile))
    assert "@" not in escape("@someone")


def test_code_cannot_leave_its_fence(hostile):
    html = RENDER.render(hostile.split("---\n", 2)[2])

    assert html.count("<pre>") == 1
    assert "````" in html


def test_cells_cannot_leave_their_row(demo, hostile):
    lines = [line for line in outside_code(hostile).splitlines() if line.startswith("| ")]

    assert len(lines) > 30
    for line in lines:
        assert len(re.findall(r"(?<!\\)\|", line)) == 4


@pytest.mark.parametrize("text", ["# a", "- a", "+ a", "1. a", "12) a", "=====", "---"])
def test_text_cannot_begin_a_heading_list_or_rule(text):
    assert RENDER.render(escape(text)) == f"<p>{text}</p>\n"


@pytest.mark.parametrize("text", ["0.838 (0.8 to 0.9)", "out-of-fold: 5 + 3 = 8!", "age_band", "a.b"])
def test_plain_text_reads_as_it_was(text):
    assert RENDER.render(escape(text)) == f"<p>{text}</p>\n"


def test_tables_are_aligned_and_numbered_as_in_the_page(card):
    assert "**Table 1. Gates**" in card
    assert (
        "| Group | Rows | Share | True positive rate | p | Verdict | Evidence |\n| --- | ---: | ---: | ---: |" in card
    )
    assert "| sex=F | 4,211 | 27.0 % | 0.710 (0.640 to 0.770) | &lt; 0.001 | disparity | sex=F |" in card
    assert "100 of 300 rows are shown; report.json in the run's folder has them all." in card
    assert "**Figure 4. ROC curve**" in card


def test_blocks_become_their_markdown(card):
    assert "> **Problem: The policy is not met: fail**" in card
    assert "- **AUROC**: 0.838 (0.824 to 0.851)" in card
    assert "1. **Younger drivers are found less often** (problem)." in card
    assert "(evidence: Fairness &amp; explanations)" in card
    assert "1. **Read**: 15,420 rows" in card
    assert "```\nappliedml run plan.yaml\n```" in card


def test_a_document_without_hub_keys_has_no_header():
    assert render_markdown(blocks.Document("T", "S", ())) == "# T\n\nS\n"


def test_the_data_behind_a_figure_are_whole_up_to_100_rows():
    data = pd.DataFrame({"group": [f"g{k}" for k in range(90)]})
    text = render_markdown(
        blocks.Document("T", "S", (blocks.Section("a", "A", (blocks.Figure("F", "Alt.", None, data, ()),)),))
    )

    assert text.count("| g") == 91
    assert "rows are shown" not in text


@pytest.mark.parametrize(
    "text", ["12", "1,234", "0.831", "0.831 (0.810 to 0.850)", "6.0 %", "True positive rate", "within tolerance"]
)
def test_words_and_numbers_are_as_they_are(text):
    assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        *(("1.", "1\\."), ("12) b", "12\\) b"), ("www.a", "www&#46;a"), ("a  b", "a b"), ("a ", "a"), ("a\n", "a")),
        *(("-1", "\\-1"), ("a_b", "a\\_b"), ("x" * 801, "x" * 600 + "… (201 more characters)")),
    ],
)
def test_what_only_looks_like_words_and_numbers_is_escaped(text, shown):
    assert escape(text) == shown
